"""Puts a mutant's code in the place of a function's, in the process that has loaded everything.

Whoever holds the function runs the mistake then, and no module is imported again. What has already
run while modules were imported can't be changed so: a constant that a function has made, a class, a
function that another one has made.
"""

from types import CodeType, FunctionType, ModuleType

OUTER = ("func", "fget", "__func__", "__wrapped__")
"""Under what a property, a method or a cached function holds its function."""


def swapped(module: ModuleType, function: str, source: str) -> bool:
    """Whether it was possible."""
    names = function.split(".")
    code: CodeType | None = compile(
        source, getattr(module, "__file__", None) or module.__name__, "exec"
    )
    held: object = module
    while names and code and not isinstance(held, FunctionType):
        name = names.pop(0)
        code, held = _inner(code, name), _function(getattr(held, "__dict__", {}).get(name))
    if names or not isinstance(held, FunctionType) or code is None:
        return False
    now = held.__code__
    if (code.co_name, code.co_freevars) != (now.co_name, now.co_freevars):
        return False
    held.__code__ = code
    return True


def _inner(code: CodeType, name: str) -> CodeType | None:
    found = [one for one in code.co_consts if isinstance(one, CodeType) and one.co_name == name]
    return found[0] if len(found) == 1 else None


def _function(held: object) -> object:
    for name in OUTER:
        if not isinstance(held, type) and hasattr(held, name):
            return _function(getattr(held, name))
    return held
