"""What it means to want a subject, case by case; that the matcher agrees is a property test."""

import tracemalloc

import pytest

from shared.matching.index import Index, Member
from shared.matching.lists import ChangedList, Lists
from shared.matching.masks import mask, slots
from shared.matching.matcher import Matcher
from shared.matching.names import Names
from shared.matching.profiles import (
    Criterion,
    Listed,
    Profile,
    Span,
    Subject,
    Terms,
    Within,
    explain,
)


def subject(*, span: Span | None = None, **terms: str) -> Subject:
    """Each attribute with its terms, separated by blanks; `span` is its size."""
    given = {attribute: frozenset(texts.split()) for attribute, texts in terms.items()}
    return Subject(given, {} if span is None else {"size": span})


def profile(*criteria: Criterion, id: str = "p") -> Profile:
    return Profile(id, criteria)


def matching(lists: Lists, *profiles: Profile) -> Matcher:
    matcher = Matcher(lists, "category")
    matcher.replace(profiles)
    return matcher


def wants(wanted: str | None = None, unwanted: str = "", *, of: str = "place") -> Terms:
    chosen = None if wanted is None else frozenset(wanted.split())
    return Terms(f"filter.{of}", of, chosen, frozenset(unwanted.split()))


def passes(criterion: Criterion, given: Subject, lists: Lists | None = None) -> bool:
    """As explained, and the matcher has to say the same."""
    lists = lists or Lists()
    one = profile(criterion)
    failing = explain(one, given, lists)
    matcher = matching(lists, one)
    assert ([] if failing else ["p"]) == matcher.match(given)
    assert ([("p", criterion)] if failing else []) == matcher.one_away(given)
    return not failing


@pytest.mark.parametrize(
    ("criterion", "has", "expected"),
    [
        (wants("DE AT"), "DE", True),
        (wants("DE AT"), "FR", False),
        (wants("DE AT"), "FR AT", True),
        (wants("DE AT"), "", False),
        (wants(None), "", True),
        (wants(""), "", False),
        (wants(""), "DE", False),
        (wants(None, "FR"), "", True),
        (wants(None, "FR"), "DE", True),
        (wants(None, "FR"), "DE FR", False),
        (wants("DE", "FR"), "DE FR", False),
        (wants("DE", "DE"), "DE", False),
        (wants("a b", of="category"), "b c", True),
        (wants("a b", "c", of="category"), "b c", False),
        (wants("", of="category"), "b", False),
        (wants(None, "b", of="category"), "b", False),
    ],
)
def test_terms(criterion: Terms, has: str, expected: bool) -> None:
    """One wanted term is enough, one unwanted too; who wants none in particular takes nothing."""
    assert expected == passes(criterion, subject(**{criterion.attribute: has}))


def test_a_missing_attribute_has_no_terms() -> None:
    assert not passes(wants("DE"), subject())
    assert passes(wants(None, "FR"), subject())


def within(*spans: Span, unknown_passes: bool = False) -> Within:
    return Within("filter.size", "size", spans, unknown_passes)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (Span(11, 50), "in"),
        (Span(20, 20), "in"),
        (Span(11, 200), "in"),
        (Span(50, 51), "in"),
        (Span(1001, 5000), "in"),
        (Span(5000), "in"),
        (Span(10, 11), "partly"),
        (Span(200, 201), "partly"),
        (Span(100, 2000), "partly"),
        (Span(500), "partly"),
        (Span(1, 10), "out"),
        (Span(201, 1000), "out"),
        (None, "unknown"),
    ],
)
def test_a_number_within_spans(number: Span | None, expected: str) -> None:
    """In the union of adjoining spans is in; what is not known passes only if that is said."""
    spans = (Span(51, 200), Span(11, 50), Span(1001))
    assert (expected == "in") == passes(within(*spans), subject(span=number))
    lenient = within(*spans, unknown_passes=True)
    assert (expected != "out") == passes(lenient, subject(span=number))


def test_no_spans_hold_no_number() -> None:
    """Every number is wholly outside; one that is not known may pass all the same."""
    assert not passes(within(), subject(span=Span(1)))
    assert not passes(within(unknown_passes=True), subject(span=Span(1)))
    assert passes(within(unknown_passes=True), subject())


@pytest.fixture
def lists() -> Lists:
    known = Lists()
    known.put("banks", ["bank.example", "both.example"])
    known.put("shops", ["shop.example", "both.example"])
    return known


def listed(*names: str, wanted: bool) -> Listed:
    return Listed("list", "domain", names, wanted)


@pytest.mark.parametrize(
    ("names", "domains", "is_listed"),
    [
        (("banks",), "bank.example", True),
        (("banks",), "shop.example", False),
        (("banks", "shops"), "shop.example", True),
        (("banks",), "other.example bank.example", True),
        (("banks",), "other.example", False),
        (("banks",), "", False),
        (("unknown", "banks"), "bank.example", True),
        (("unknown",), "bank.example", False),
        ((), "bank.example", False),
    ],
)
def test_lists(lists: Lists, names: tuple[str, ...], domains: str, is_listed: bool) -> None:
    """Several lists are one; a list that is not known contains nothing."""
    given = subject(domain=domains)
    assert is_listed == passes(listed(*names, wanted=True), given, lists)
    assert is_listed != passes(listed(*names, wanted=False), given, lists)


def test_a_replaced_list_counts_at_once(lists: Lists) -> None:
    """What was taken from it is off it, what is on both stays."""
    matcher = matching(lists, profile(listed("banks", wanted=True)))
    lists.put("banks", ["both.example", "new.example"])
    found = [
        len(matcher.match(subject(domain=domain)))
        for domain in ("bank.example", "both.example", "new.example")
    ]
    assert [0, 1, 1] == found


@pytest.mark.parametrize(
    ("names", "on_it"),
    [
        (("banks",), "new.example kept.example"),
        (("rivals",), "rival.example gone.example"),
        (("banks", "rivals"), "new.example kept.example rival.example gone.example"),
        (("unknown",), ""),
        ((), ""),
    ],
)
def test_a_list_as_it_would_be_changes_no_other(names: tuple[str, ...], on_it: str) -> None:
    """What comes on one list, or goes from it, is on the others or not, as before."""
    lists = Lists()
    lists.put("banks", ["gone.example", "kept.example"])
    lists.put("rivals", ["rival.example", "gone.example"])
    added, removed = frozenset(["new.example"]), frozenset(["gone.example"])
    changed = ChangedList(lists, "banks", added, removed)
    every = ["new.example", "gone.example", "kept.example", "rival.example"]
    assert set(on_it.split()) == {term for term in every if changed.have(names, [term])}


def test_names_that_nobody_uses_are_forgotten() -> None:
    """Their numbers are given to others, so that the table grows with what is in use only."""
    names = Names()
    first = names.use(["a", "b"])
    names.use(["b"])
    names.release(first)
    assert [None, first[1]] == [names.number("a"), names.number("b")]
    assert first[:1] == names.use(["c"])


def test_every_failing_criterion_is_told_in_order(lists: Lists) -> None:
    """Also two about one attribute, and two under one code."""
    place, word, other_word = wants("DE"), wants("cloud", of="word"), wants("data", of="word")
    size, bank = within(Span(1, 10)), listed("banks", wanted=True)
    one = profile(place, word, other_word, size, bank)
    given = subject(place="FR", word="data", domain="shop.example", span=Span(11, 50))
    assert [place, word, size, bank] == explain(one, given, lists)


def test_two_criteria_about_one_attribute_are_both_asked(lists: Lists) -> None:
    """Each fails for itself, which one is told."""
    first, second = wants("a b", of="word"), wants("b c", of="word")
    matcher = matching(lists, profile(first, second))
    assert ["p"] == matcher.match(subject(word="a c"))
    assert [("p", second)] == matcher.one_away(subject(word="a"))
    assert [("p", first)] == matcher.one_away(subject(word="c"))
    assert [] == matcher.one_away(subject(word="d"))


def test_two_criteria_about_the_partition_are_both_asked(lists: Lists) -> None:
    first, second = wants("a b", of="category"), wants("b c", of="category")
    matcher = matching(lists, profile(first, second))
    assert ["p"] == matcher.match(subject(category="b"))
    assert [] == matcher.match(subject(category="a"))
    assert ["p"] == matcher.match(subject(category="a c"))
    assert [("p", second)] == matcher.one_away(subject(category="a"))


def test_a_profile_in_several_partitions_is_found_once(lists: Lists) -> None:
    """Together with those that want any, or any but some."""
    matcher = matching(
        lists,
        profile(wants("a b", of="category"), id="both"),
        profile(id="all"),
        profile(wants(None, "b", of="category"), id="not b"),
    )
    assert ["all", "both"] == matcher.match(subject(category="a b"))
    assert ["all", "both", "not b"] == matcher.match(subject(category="a"))
    assert ["all", "not b"] == matcher.match(subject())


def test_one_away_looks_into_all_partitions(lists: Lists) -> None:
    """Whether it is the partition, another criterion or a list that keeps a profile away."""
    category, place, bank = wants("a", of="category"), wants("DE"), listed("banks", wanted=True)
    criteria = (category, place, bank)
    matcher = matching(lists, profile(*criteria, id="1"), profile(category, place, id="2"))
    near = matcher.one_away(subject(category="b", place="DE", domain="bank.example"))
    assert [("1", category), ("2", category)] == near
    near = matcher.one_away(subject(category="a", place="FR", domain="other.example"))
    assert [("2", place)] == near
    near = matcher.one_away(subject(category="a", place="DE", domain="other.example"))
    assert [("1", bank)] == near


def test_a_changed_profile_wants_what_it_wants_now(lists: Lists) -> None:
    """And one that is changed and removed in one go is changed."""
    matcher = matching(lists, profile(wants("a", of="category"), wants("DE")), profile(id="q"))
    matcher.replace([profile(wants("b", of="category"))], removed=["p", "q", "unknown"])
    assert [] == matcher.match(subject(category="a", place="DE"))
    assert ["p"] == matcher.match(subject(category="b"))
    matcher.replace([], removed=["p"])
    assert [] == matcher.match(subject(category="b"))
    assert [] == matcher.one_away(subject(category="b"))


def test_who_comes_later_passes_where_he_asks_nothing(lists: Lists) -> None:
    """A slot that was free before, and a criterion that nobody had before."""
    matcher = matching(lists, profile(wants("DE"), within(Span(1, 10))))
    matcher.replace([profile(wants("cloud", of="word"), id="q")], removed=["p"])
    assert ["q"] == matcher.match(subject(word="cloud"))


def test_a_profile_that_is_changed_every_day_leaves_nothing_behind(lists: Lists) -> None:
    """Its slot is given to the next one, or masks would grow as long as the process lives."""
    matcher = matching(lists, profile(id="another"))
    changes = [profile(wants("DE"), within(Span(1, 10))), profile(wants("FR"))]
    matcher.replace(changes)
    tracemalloc.start()
    for _ in range(200):
        for change in changes:
            matcher.replace([change])
    ours = tracemalloc.Filter(True, "*/shared/matching/*")
    grown = tracemalloc.take_snapshot().filter_traces([ours]).statistics("filename")
    tracemalloc.stop()
    assert sum(each.size for each in grown) < 10_000


@pytest.mark.parametrize(
    "chosen", [[], [0], [0, 7, 8, 63, 64, 1000], [3, 9000], [*range(0, 20_000, 7)]]
)
def test_a_mask_gives_its_slots_back(chosen: list[int]) -> None:
    """However long it is, and however many they are."""
    assert chosen == sorted(slots(mask(chosen)))


def test_what_is_dropped_leaves_its_slot_to_the_next() -> None:
    """However often profiles change, the masks stay as long as there are profiles."""
    index = Index()
    for number in range(5):
        one = {Member(f"p{number}", profile(), ()): ()}
        index.put(one)
        index.drop(one)
    assert 1 == len(index._members)
