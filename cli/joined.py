"""Two files put together: a header among the rows is told, and is no lead.

What stands behind another header has its cells in other places, so it is told line by line and
never read under the first one.
"""

from dataclasses import dataclass, field

from cli.cells import Cells, Flaw
from cli.columns import ExpectedColumns, Header, fold, places
from cli.delimited import DELIMITERS
from cli.output import CliError

AGAIN = Flaw("header_again", "the header stands here again; the line is no lead")
NAMED_MIN = 2


@dataclass(slots=True)
class AnotherHeader:
    header: Header
    expected: ExpectedColumns
    behind: int | None = None
    """The line of a header that is not the first one's."""
    reference: str = field(init=False)

    def __post_init__(self) -> None:
        self.reference = self.expected.reference.casefold()

    def flaw_of(self, line: int, cells: Cells | Flaw, whole: str) -> Flaw | None:
        if self.behind:
            text = f"it stands behind another header, that of line {self.behind}; put what is below"
            return Flaw("behind_header", f"{text} it into a file of its own")
        # Asked of every row, so that what is quick goes first.
        if isinstance(cells, Flaw) or self.reference not in whole.casefold():
            return None
        texts = [cell if isinstance(cell, str) else "" for cell in cells]
        if self.same(texts):
            return AGAIN
        if any(self.names(each) for each in (texts, *apart(texts))):
            self.behind = line
            return Flaw("header_other", "another header stands here; two files were put together")
        return None

    def same(self, texts: list[str]) -> bool:
        named = [(at, name) for at, name in enumerate(self.header.names) if name]
        return not any(texts[self.header.width :]) and all(
            at < len(texts) and fold(texts[at]) == fold(name) for at, name in named
        )

    def names(self, texts: list[str]) -> bool:
        """The reference and another field of the mapping, each in a cell of its own."""
        try:
            at = places([text.strip() for text in texts], self.expected.names)
        except CliError:
            return True
        known = min(NAMED_MIN, len(self.header.kinds))
        return self.expected.reference in at and len(at) >= known


def apart(texts: list[str]) -> list[list[str]]:
    """A line of a file with other delimiters has one cell or two."""
    if len(texts) > NAMED_MIN:
        return []
    whole = " ".join(texts)
    return [[cell.strip(' "') for cell in whole.split(one)] for one in DELIMITERS if one in whole]
