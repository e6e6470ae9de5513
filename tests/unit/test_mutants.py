"""That mutants are mistakes, that the same are drawn again, and that what was judged is there."""

import importlib.util
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from coverage import CoverageData

from tests.mutants import trying
from tests.mutants.__main__ import Tried, before, draw, noted
from tests.mutants.choosing import Traced
from tests.mutants.generate import ROOT, Mutant, modules, mutants
from tests.mutants.judged import judged
from tests.mutants.swapping import swapped
from tests.mutants.tracing import IMPORTING, LINES, SECONDS
from tests.mutants.trying import Mistake, Result

SOURCE = '''
"""Of a till."""

MOST = 3
Coin = Literal["shekel", "euro"]


def may_pay(owner: str, account: Account, amount: int) -> bool:
    """Never more than there is."""
    assert amount > 0, "a mistake of the caller"
    log.info("asked", amount=amount)
    till.failpoint("till.asked")
    if account.closed or account.owner != owner:
        return False
    account.note("asked")
    return amount <= account.balance
'''


def made(source: str = SOURCE) -> dict[tuple[str, str], Mutant]:
    return {(one.before, one.after): one for one in mutants("services/till.py", source)}


@pytest.mark.parametrize(
    "change",
    [
        ("account.closed or account.owner != owner", "account.closed"),
        ("account.closed or account.owner != owner", "account.owner != owner"),
        ("account.closed or account.owner != owner", "False"),
        ("!= owner", "== owner"),
        ("<= account.balance", "< account.balance"),
        ('account.note("asked")', "pass"),
        ("False", "True"),
        ("3", "4"),
    ],
)
def test_the_usual_mistakes_are_made(change: tuple[str, str]) -> None:
    """Each is made at its place, and nothing else is changed."""
    source = made()[change].made()
    before, after = SOURCE.strip().splitlines(), source.strip().splitlines()
    assert 1 == sum(one != other for one, other in zip(before, after, strict=True))


@pytest.mark.parametrize(
    "text", ["Never more", "a mistake of", "log.info", "amount > 0", "str", "shekel", "till.asked"]
)
def test_what_only_tells_is_left_alone(text: str) -> None:
    """Texts, types, logs, failpoints, and what is asserted of the program itself."""
    assert not [before for before, _ in made() if text in before]


def test_a_mutant_is_known_by_its_function_and_not_by_its_line() -> None:
    """So that what was judged stays judged."""
    below = "\n\n\nOTHER = 1\n" + SOURCE
    assert {one.key for one in made().values()} < {one.key for one in made(below).values()}


def test_the_same_seed_draws_the_same_of_each_family() -> None:
    """A survivor is found again; another seed draws others."""
    every = list(made().values())
    drawn = [one.key for one in draw(every, 7, 6)]
    assert drawn == [one.key for one in draw(every, 7, 6)]
    assert drawn != [one.key for one in draw(every, 8, 6)]
    families = Counter(one.family for one in draw(every, 7, 6))
    assert {1} == set(families.values())


def test_a_run_goes_on_from_what_is_noted(tmp_path: Path) -> None:
    """What survived is tried again, since a test may have been written for it; what is not drawn
    any more is forgotten."""
    killed, survived, gone = list(made().values())[:3]
    results = Result.KILLED, Result.SURVIVED, Result.KILLED
    rows = zip((killed, survived, gone), results, strict=True)
    tried = [Tried(mutant, result, 7, 1.5) for mutant, result in rows]
    assert tried == list(noted(tried, tmp_path / "tried.jsonl"))
    assert tried[:1] == before(tmp_path / "tried.jsonl", [killed, survived])
    again = list(noted([Tried(survived, Result.KILLED, 8, 0.5)], tmp_path / "tried.jsonl"))
    assert [*tried[:1], *again] == before(tmp_path / "tried.jsonl", [killed, survived])


def test_a_change_elsewhere_changes_nearly_nothing_of_what_is_drawn() -> None:
    """One mutant fewer makes room for one other, so that what survived is tried again."""
    path = "services/routing/orders/capacity.py"
    every = mutants(path, (ROOT / path).read_text())
    drawn, anew = ({one.key for one in draw(some, 7, 30)} for some in (every, every[1:]))
    assert 30 == len(anew)
    assert len(drawn - anew) <= 1


def test_the_mistake_takes_the_place_of_its_module() -> None:
    """Only of that one, under the same name and file."""
    path = "services/routing/orders/capacity.py"
    found = mutants(path, (ROOT / path).read_text())
    change = "Capacity.release", "self.reserved - 1", "self.reserved + 1"
    (mutant,) = [one for one in found if one.key[1:] == change]
    finder = Mistake(mutant)
    assert finder.find_spec("services.routing.campaign.claims", None) is None
    spec = finder.find_spec("services.routing.orders.capacity", None)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    finder.exec_module(module)
    book = module.Capacity("main/north", 1, "main", reserved=1)
    assert (2, str(ROOT / path)) == (book.release(()).reserved, module.__file__)


TILL = """
from contextlib import contextmanager
from functools import cache

def add(one, other):
    return one + other

@cache
def cached(amount):
    return amount + 1

@contextmanager
def opened(amount):
    yield amount + 1

def made():
    def amount():
        return 1 + 1
    return amount

class Till:
    def __init__(self):
        super().__init__()
        self.amount = 1 + 1

    @property
    def twice(self):
        return self.amount + self.amount

    @staticmethod
    def sum(amounts):
        return max(one + 0 for one in amounts)
"""


@pytest.mark.parametrize(
    ("function", "seen", "expected"),
    [
        ("add", lambda till: till.add(3, 2), 1),
        ("cached", lambda till: till.cached(3), 2),
        ("opened", lambda till: till.opened(3).__enter__(), 2),
        ("Till.__init__", lambda till: till.Till().amount, 0),
        ("Till.twice", lambda till: till.Till().twice, 0),
        ("Till.sum", lambda till: till.Till.sum([3]), 3),
    ],
)
def test_a_mistake_takes_the_place_of_a_function_that_others_hold(
    function: str, seen: Callable[[ModuleType], int], expected: int
) -> None:
    """However the function is wrapped, and of that function alone."""
    module = ModuleType("till")
    exec(TILL, module.__dict__)
    add = module.add
    assert swapped(module, function, TILL.replace("+", "-"))
    assert (expected, add) == (seen(module), module.add)


@pytest.mark.parametrize("function", ["", "Till", "gone", "Till.gone", "made.amount"])
def test_what_is_no_function_of_its_module_is_imported_anew(function: str) -> None:
    """Nor can one be changed that another function may have made by then."""
    module = ModuleType("till")
    exec(TILL, module.__dict__)
    assert not swapped(module, function, TILL.replace("+", "-"))


OF_WHOLE_FILES = """
import sys
from tests.mutants.trying import of_whole_files

codes = [of_whole_files([f"{file}::test_gone"]) for file in sys.argv[1:]]
print("", *codes, sep="\\n")
"""


def test_where_the_chosen_tests_are_gone_their_files_tell(tmp_path: Path) -> None:
    """A conftest that the mistake breaks is noticed, though pytest does not even begin then."""
    (tmp_path / "below").mkdir()
    files = {
        "test_one.py": "def test_of_another_name(): pass",
        "test_two.py": "def test_of_another_name(): assert False",
        "below/test_three.py": "def test_of_another_name(): pass",
    }
    for name, text in {**files, "below/conftest.py": "raise ValueError"}.items():
        (tmp_path / name).write_text(text)
    asked = [sys.executable, "-c", OF_WHOLE_FILES, *(str(tmp_path / name) for name in files)]
    told = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True).stdout
    expected = [trying.PASSED, trying.FAILED, trying.FAILED]
    assert [str(code) for code in expected] == told.splitlines()[-3:]


@pytest.mark.parametrize("path", sorted({module for module, *_ in judged()}))
def test_what_was_judged_is_still_a_mutant(path: str) -> None:
    """A reason that belongs to nothing any more is taken out."""
    assert path in {str(module.relative_to(ROOT)) for module in modules()}
    there = {one.key for one in mutants(path, (ROOT / path).read_text())}
    assert [] == [key for key in judged() if key[0] == path and key not in there]


def test_what_was_judged_has_a_reason() -> None:
    """In a sentence."""
    assert [] == [key for key, why in judged().items() if len(why.split()) <= 3]


RUN = """
LIMIT = 1

def built():
    return 2

def asked():
    return 3

def unused():
    return 4

class Row:
    size = built() + 5
"""


ABOUT, OTHER = "tests/unit/test_run.py::test_a", "tests/unit/test_mutants.py::test_b"


def traced(directory: Path, lines: dict[str, list[int]], seconds: dict[str, float]) -> Traced:
    """As if these tests had run these lines of the till."""
    (directory / "0").mkdir()
    data = CoverageData(str(directory / "0" / LINES))
    for context, numbers in lines.items():
        data.set_context(context)
        data.add_lines({str(ROOT / "services/till.py"): numbers})
    data.write()
    (directory / "0" / SECONDS).write_text(json.dumps(seconds))
    return Traced(directory)


@pytest.mark.parametrize(
    ("number", "chosen"),
    [("1", [ABOUT]), ("2", [ABOUT]), ("3", [ABOUT]), ("4", []), ("5", [ABOUT])],
)
def test_what_runs_on_import_alone_is_tried_by_the_tests_of_its_module(
    tmp_path: Path, number: str, chosen: list[str]
) -> None:
    """A constant, a class, or a function that only they call; of what nobody calls, none."""
    lines = {IMPORTING: [2, 4, 5, 7, 10, 13, 14], ABOUT: [8]}
    (mutant,) = [one for (before, _), one in made(RUN).items() if before == number]
    assert chosen == traced(tmp_path, lines, {ABOUT: 1.0}).chosen(mutant).tests


@pytest.mark.parametrize(
    ("lines", "seconds", "first"),
    [
        ({OTHER: [8], ABOUT: [8, 11]}, {OTHER: 1.0, ABOUT: 1.0}, ABOUT),
        ({OTHER: [8], ABOUT: [8, 11]}, {OTHER: 1.0, ABOUT: 9.0}, OTHER),
    ],
)
def test_who_tells_most_of_a_module_for_his_time_comes_first(
    tmp_path: Path, lines: dict[str, list[int]], seconds: dict[str, float], first: str
) -> None:
    """What hardly another test runs is what a test is about."""
    (mutant,) = [one for (before, _), one in made(RUN).items() if before == "3"]
    assert first == traced(tmp_path, lines, seconds).chosen(mutant).tests[0]


def test_a_constant_is_tried_by_the_quick_ones_first(tmp_path: Path) -> None:
    """Else those that run much of its module would take all the time there is."""
    path, slow = "tests/mutants/generate.py", "tests/unit/test_mutants.py::test_slow"
    constant = next(one for one in mutants(path, (ROOT / path).read_text()) if not one.function)
    found = traced(tmp_path, {}, {slow: 39.0, OTHER: 2.0}).chosen(constant).tests
    assert [OTHER] == found


def test_a_constant_is_tried_by_those_who_import_its_module(tmp_path: Path) -> None:
    """They may read only what was made by then, and run none of its lines."""
    path = "tests/mutants/generate.py"
    constant = next(one for one in mutants(path, (ROOT / path).read_text()) if not one.function)
    assert [OTHER] == traced(tmp_path, {}, {ABOUT: 1.0, OTHER: 1.0}).chosen(constant).tests
