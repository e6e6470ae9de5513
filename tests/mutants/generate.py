"""The mutants of a module. One is known by its function and what is changed into what, not by its
line, so that what was judged stays judged while the module around it changes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import libcst as cst
import libcst.matchers as m
from libcst.metadata import MetadataWrapper, PositionProvider

from tests.mutants.operators import ONCE, OPERATORS

ROOT = Path(__file__).parent.parent.parent
MUTATED = (
    "services/*/*.py",
    "services/*/*/*.py",
    "shared/contracts/envelope.py",
    "shared/loop/*.py",
    "shared/matching/*.py",
)
NOT_MUTATED = frozenset({"__init__", "__main__", "api", "app", "service"}) | {
    *("file_drop", "kafka", "log", "mail", "transport", "webhook")
}
"""The outer layers: what talks to a browser, a broker or an endpoint is tried on real ones."""
NOT_ENTERED = (
    cst.Annotation,
    cst.Assert,
    cst.Decorator,
    cst.Import,
    cst.ImportFrom,
    cst.Param,
    cst.FormattedString,
)
A_TYPE = m.Subscript(value=m.Name("Literal"))
"""Like annotations: mypy notices a word that is none of it."""
FAILPOINT = "failpoint"
TOLD = frozenset({"log", FAILPOINT, "Index", "TypeAdapter", "TypeVar", "NotLoaded"})
"""What only tells, and indexes, by which queries are faster and not other ones."""


@dataclass(frozen=True, slots=True)
class Mutant:
    path: str
    """Of its module, from the project's root."""
    function: str
    """`Class.method`; blank outside of functions."""
    family: str
    before: str
    after: str
    lines: range
    """Of the statement that it is in."""
    made: Callable[[], str] = field(repr=False, compare=False)
    """The whole module with the mistake in it."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.path, self.function, self.before, self.after

    def __str__(self) -> str:
        place = f"{self.path}:{self.lines.start} {self.function}"
        return f"{place}: {self.before} -> {self.after}"


def modules() -> list[Path]:
    found = [path for pattern in MUTATED for path in sorted(ROOT.glob(pattern))]
    return [path for path in found if path.stem not in NOT_MUTATED]


def module_of(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".")


def mutants(path: str, source: str) -> list[Mutant]:
    """All of a module; of the same change to the same text in a function only the first."""
    wrapper = MetadataWrapper(cst.parse_module(source))
    visitor = _Visitor(path, wrapper.module)
    wrapper.visit(visitor)
    return list({mutant.key: mutant for mutant in reversed(visitor.found)}.values())[::-1]


class _Visitor(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, path: str, module: cst.Module) -> None:
        super().__init__()
        self.found: list[Mutant] = []
        self._path, self._module = path, module
        self._names: list[str] = []
        self._functions = 0
        self._statements: list[range] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, NOT_ENTERED) or self._only_tells(node):
            return False
        if isinstance(node, cst.ClassDef | cst.FunctionDef):
            self._names.append(node.name.value)
            self._functions += isinstance(node, cst.FunctionDef)
        if isinstance(node, cst.SimpleStatementLine | cst.BaseCompoundStatement):
            self._statements.append(self._lines(node))
        for family in OPERATORS if self._functions else sorted(ONCE):
            self.found += self._of(node, family)
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, NOT_ENTERED) or self._only_tells(original_node):
            return
        if isinstance(original_node, cst.ClassDef | cst.FunctionDef):
            self._names.pop()
            self._functions -= isinstance(original_node, cst.FunctionDef)
        if isinstance(original_node, cst.SimpleStatementLine | cst.BaseCompoundStatement):
            self._statements.pop()

    def _lines(self, node: cst.CSTNode) -> range:
        """Of a compound statement only its head, where its conditions are."""
        place = self.get_metadata(PositionProvider, node)
        body = getattr(node, "body", None)
        end = place.end.line
        if isinstance(node, cst.BaseCompoundStatement) and isinstance(body, cst.BaseSuite):
            end = max(place.start.line, self.get_metadata(PositionProvider, body).start.line)
        return range(place.start.line, end + 1)

    def _only_tells(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Expr):
            return isinstance(node.value, cst.SimpleString | cst.ConcatenatedString)
        if isinstance(node, cst.Subscript):
            return m.matches(node, A_TYPE)
        if not isinstance(node, cst.Call):
            return False
        called = node.func
        if isinstance(called, cst.Attribute):
            # A failpoint does nothing but where faults are injected.
            called = called.attr if called.attr.value == FAILPOINT else called.value
        return isinstance(called, cst.Name) and called.value in TOLD

    def _of(self, node: cst.CSTNode, family: str) -> Iterator[Mutant]:
        for kind, operator in OPERATORS[family]:
            if isinstance(node, kind):
                for changed in operator(node):
                    yield self._mutant(node, changed, family)

    def _mutant(self, node: cst.CSTNode, changed: cst.CSTNode, family: str) -> Mutant:
        head = isinstance(node, cst.If)

        def made() -> str:
            module = self._module.deep_replace(node, changed)
            assert isinstance(module, cst.Module)
            return module.code

        return Mutant(
            self._path,
            ".".join(self._names),
            family,
            self._text(node.test if head else node),  # type: ignore[attr-defined]
            self._text(changed.test if head else changed),  # type: ignore[attr-defined]
            self._statements[-1] if self._statements else range(0),
            made,
        )

    def _text(self, node: cst.CSTNode) -> str:
        return " ".join(self._module.code_for_node(node).split())
