"""The mistakes that are made, by family: mutmut's operators, and three that it has not.

Families are drawn from alike. Otherwise arguments, of which there are most, would leave no room
for conditions, in which the mistakes are that cost money.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import libcst as cst
import libcst.matchers as m
from mutmut.mutation import mutators

TOLD = m.Attribute(value=m.Name("log")) | m.Attribute(attr=m.Name("failpoint"))

Operator = tuple[type[Any], Callable[[Any], Iterable[cst.CSTNode]]]


def operand_dropped(node: cst.BooleanOperation) -> Iterator[cst.CSTNode]:
    """One of two conditions is forgotten."""
    yield node.left
    yield node.right


def branch_forced(node: cst.If) -> Iterator[cst.CSTNode]:
    """A guard that never or always holds."""
    for value in ("False", "True"):
        yield node.with_changes(test=cst.Name(value))


def filter_dropped(node: cst.CompIf) -> Iterator[cst.CSTNode]:
    """A comprehension that lets everything pass."""
    yield node.with_changes(test=cst.Name("True"))


def call_dropped(node: cst.SimpleStatementLine) -> Iterator[cst.CSTNode]:
    """Something that is not done."""
    if len(node.body) == 1 and isinstance(node.body[0], cst.Expr):
        called = node.body[0].value
        called = called.expression if isinstance(called, cst.Await) else called
        is_told = isinstance(called, cst.Call) and m.matches(called.func, TOLD)
        if isinstance(called, cst.Call) and not is_told:
            yield node.with_changes(body=[cst.Pass()])


def marked(node: cst.SimpleString) -> Iterator[cst.CSTNode]:
    """Another word. Texts for people may be worded as one likes."""
    text = node.raw_value
    if text and " " not in text and not node.quote.startswith(('"""', "'''")):
        yield node.with_changes(value=f"{node.prefix}{node.quote}XX{text}XX{node.quote}")


OPERATORS: Mapping[str, Sequence[Operator]] = {
    "condition": [
        (cst.BooleanOperation, operand_dropped),
        (cst.If, branch_forced),
        (cst.CompIf, filter_dropped),
        (cst.IfExp, mutators.operator_if_exp),
        (cst.UnaryOperation, mutators.operator_remove_unary_ops),
    ],
    "comparison": [
        (cst.ComparisonTarget, mutators.operator_swap_op),
        (cst.CSTNode, mutators.operator_keywords),
    ],
    "arithmetic": [
        (cst.BaseNumber, mutators.operator_number),
        (cst.Name, mutators.operator_name),
        (cst.BinaryOperation, mutators.operator_swap_op),
        (cst.BooleanOperation, mutators.operator_swap_op),
        (cst.AugAssign, mutators.operator_augmented_assignment),
    ],
    "statement": [
        (cst.SimpleStatementLine, call_dropped),
        (cst.Assign, mutators.operator_assignment),
        (cst.Match, mutators.operator_match),
    ],
    "argument": [
        (cst.Call, mutators.operator_arg_removal),
        (cst.Call, mutators.operator_symmetric_string_methods_swap),
        (cst.Lambda, mutators.operator_lambda),
    ],
    "word": [(cst.SimpleString, marked)],
}
ONCE = frozenset({"arithmetic", "comparison", "word"})
"""What is tried outside of functions too: what is built when a module is imported breaks, or does
not, whatever the tests look at."""
