"""Whatever is wanted of whatever subject, the matcher finds what `explain` says."""

from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from shared.matching.lists import Lists
from shared.matching.matcher import Matcher
from shared.matching.profiles import (
    Criterion,
    Listed,
    Profile,
    Span,
    Subject,
    Terms,
    Within,
    explain,
    union,
)

RELAXED = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)

# Few of each, so that what is drawn meets.
ATTRIBUTES = st.sampled_from(["category", "place", "word"])
TERMS = st.frozensets(st.sampled_from("abcd"), max_size=3)
BOUND = st.integers(-2, 12)
LIST_NAMES = st.sampled_from(["one", "two", "three"])
CHECKS = st.sampled_from(["check.one", "check.two"])
SPANS = st.tuples(BOUND, st.none() | st.integers(0, 5)).map(
    lambda drawn: Span(drawn[0], None if drawn[1] is None else drawn[0] + drawn[1])
)
CRITERIA = (
    st.builds(Terms, CHECKS, ATTRIBUTES, st.none() | TERMS, TERMS)
    | st.builds(Terms, CHECKS, ATTRIBUTES, TERMS)
    | st.builds(
        Within,
        CHECKS,
        st.sampled_from(["size", "age"]),
        st.lists(SPANS, max_size=3).map(tuple),
        st.booleans(),
    )
    | st.builds(
        Listed, CHECKS, ATTRIBUTES, st.lists(LIST_NAMES, max_size=2).map(tuple), st.booleans()
    )
)
IDS = st.integers(0, 12).map("profile-{}".format)
PROFILES = st.builds(Profile, IDS, st.lists(CRITERIA, max_size=5).map(tuple))
SUBJECTS = st.builds(
    Subject,
    st.dictionaries(ATTRIBUTES, TERMS),
    st.dictionaries(st.sampled_from(["size", "age"]), SPANS),
)
KNOWN_LISTS = st.dictionaries(LIST_NAMES, TERMS)


def wanting(profiles: Sequence[Profile], subject: Subject, lists: Lists) -> list[str]:
    return sorted(one.id for one in profiles if not explain(one, subject, lists))


def nearly_wanting(
    profiles: Sequence[Profile], subject: Subject, lists: Lists
) -> list[tuple[str, Criterion]]:
    explained = [(one.id, explain(one, subject, lists)) for one in profiles]
    near = [(id, failing[0]) for id, failing in explained if len(failing) == 1]
    return sorted(near, key=lambda pair: pair[0])


@RELAXED
@given(st.lists(PROFILES, unique_by=lambda one: one.id), SUBJECTS, KNOWN_LISTS)
def test_finds_what_the_definition_says(
    profiles: list[Profile], subject: Subject, known: dict[str, frozenset[str]]
) -> None:
    """A match is a profile with no failing criterion, and a near miss one with exactly one."""
    lists = Lists()
    for name, entries in known.items():
        lists.put(name, entries)
    matcher = Matcher(lists, "category")
    matcher.replace(profiles)
    assert wanting(profiles, subject, lists) == matcher.match(subject)
    assert nearly_wanting(profiles, subject, lists) == matcher.one_away(subject)


class Changing(RuleBasedStateMachine):
    """After any changes it finds what a matcher would that is built anew."""

    def __init__(self) -> None:
        super().__init__()
        self.lists = Lists()
        self.matcher = Matcher(self.lists, "category")
        self.profiles: dict[str, Profile] = {}
        self.entries: dict[str, frozenset[str]] = {}
        self.subjects: list[Subject] = []

    @rule(changed=st.lists(PROFILES, max_size=4), removed=st.lists(IDS, max_size=2))
    def replace(self, changed: list[Profile], removed: list[str]) -> None:
        self.matcher.replace(changed, removed)
        for id in removed:
            self.profiles.pop(id, None)
        self.profiles |= {one.id: one for one in changed}

    @rule(name=LIST_NAMES, entries=TERMS)
    def put(self, name: str, entries: frozenset[str]) -> None:
        self.lists.put(name, entries)
        self.entries[name] = entries

    @rule(subject=SUBJECTS)
    def ask(self, subject: Subject) -> None:
        self.subjects = [*self.subjects, subject][-3:]

    @invariant()
    def finds_what_the_definition_says(self) -> None:
        profiles = list(self.profiles.values())
        for subject in self.subjects:
            assert wanting(profiles, subject, self.lists) == self.matcher.match(subject)
            near = nearly_wanting(profiles, subject, self.lists)
            assert near == self.matcher.one_away(subject)

    @invariant()
    def lists_hold_what_was_put_last(self) -> None:
        for name in ("one", "two", "three"):
            held = {term for term in "abcd" if self.lists.has(name, [term])}
            assert self.entries.get(name, frozenset()) == held


TestChanging = Changing.TestCase
TestChanging.settings = settings(RELAXED, max_examples=60, stateful_step_count=25)


@RELAXED
@given(st.lists(SPANS, max_size=5))
def test_a_union_holds_the_same_numbers(spans: list[Span]) -> None:
    """In spans that are apart and in order."""
    joined = union(spans)
    for number in range(-4, 22):
        assert holds(spans, number) == holds(joined, number)
    assert all(
        before.max is not None and before.max + 1 < after.min
        for before, after in zip(joined, joined[1:], strict=False)
    )


def holds(spans: Sequence[Span], number: int) -> bool:
    return any(one.min <= number and (one.max is None or number <= one.max) for one in spans)
