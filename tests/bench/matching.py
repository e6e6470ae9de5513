"""Finding the profiles that want a subject, against looking at each of them.

The profiles are campaigns as they might be: skewed in what they want, some with lists of a thousand
domains of their own. The baseline asks the same fourteen questions of each profile in the order in
which failures are told, on sets made beforehand, and stops at the first that fails.
"""

import gc
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import accumulate, cycle, islice
from random import Random

from shared.matching.lists import Lists
from shared.matching.matcher import Matcher
from shared.matching.profiles import (
    NOTHING,
    Criterion,
    Listed,
    Profile,
    Span,
    Subject,
    Terms,
    Within,
    explain,
    meets,
)
from tests.bench.measuring import Row, at_most

GOALS = {1000: (60.0, 2.5), 10_000: (400.0, 12.0), 100_000: (600.0, 90.0)}
"""By profiles: how many times quicker than the baseline, and in how many µs a subject."""
ROUNDS = 5
SUBJECTS = 500
CHANGES = 200
BYTES_PER_PROFILE, BYTES_PER_ENTRY = 2048, 6
CHANGE_MILLIS, EXPLAIN_MICROS = 2.0, 10.0
LIST_LENGTH, LISTS_MAX = 1000, 5000
DOMAINS = 1_000_000

BANDS = [Span(low, high) for low, high in ((1, 1), (2, 10), (11, 50), (51, 200), (201, 500))]
BANDS += [Span(501, 1000), Span(1001, 5000), Span(5001, 10_000), Span(10_001)]


class Popular:
    """Numbered terms, the first of them by far the most popular."""

    def __init__(self, prefix: str, number: int) -> None:
        self.terms = [f"{prefix}{n}" for n in range(number)]
        self._weights = list(accumulate(1 / (n + 2) for n in range(number)))

    def some(self, random: Random, number: int) -> frozenset[str]:
        return frozenset(random.choices(self.terms, cum_weights=self._weights, k=number))

    def one(self, random: Random) -> str:
        return random.choices(self.terms, cum_weights=self._weights)[0]


COUNTRIES, STATES = Popular("country", 60), Popular("state", 51)
INDUSTRIES, SENIORITIES = Popular("industry", 150), Popular("seniority", 8)
FUNCTIONS, CATEGORIES = Popular("function", 20), Popular("category", 400)
WORDS, QUESTIONS = Popular("word", 300), Popular("question", 50)
ELSEWHERE = "elsewhere"
"""The state of whoever is not in the one country whose states are known."""


@dataclass(frozen=True, slots=True)
class CampaignSets:
    """One campaign as the baseline looks at it: sets of what a lead may be, or None for any."""

    id: str
    country: frozenset[str] | None
    no_country: frozenset[str]
    state: frozenset[str] | None
    bands: frozenset[str]
    industry: frozenset[str] | None
    no_industry: frozenset[str]
    seniority: frozenset[str] | None
    function: frozenset[str] | None
    words: frozenset[str] | None
    no_words: frozenset[str]
    category: frozenset[str]
    answers: frozenset[str] | None
    suppressed: frozenset[str]
    approved: frozenset[str] | None


def draw_campaign(random: Random, number: int, lists: Iterator[frozenset[str]]) -> CampaignSets:
    def maybe(share: float, terms: Popular, count: int) -> frozenset[str] | None:
        return terms.some(random, count) if random.random() < share else None

    question = QUESTIONS.one(random)
    answers = frozenset(f"{question}={answer}" for answer in random.sample(range(6), 2))
    state = maybe(0.2, STATES, 8)
    return CampaignSets(
        f"profile-{number}",
        maybe(0.9, COUNTRIES, 5),
        maybe(0.03, COUNTRIES, 2) or NOTHING,
        state and state | {ELSEWHERE},
        frozenset(str(band) for band in random.sample(range(len(BANDS)), 4)),
        maybe(0.65, INDUSTRIES, 3),
        maybe(0.15, INDUSTRIES, 2) or NOTHING,
        maybe(0.8, SENIORITIES, 3),
        maybe(0.7, FUNCTIONS, 3),
        maybe(0.4, WORDS, random.randint(3, 10)),
        maybe(0.05, WORDS, 2) or NOTHING,
        CATEGORIES.some(random, random.randint(1, 5)),
        answers if random.random() < 0.2 else None,
        next(lists) if random.random() < 0.2 else NOTHING,
        next(lists) if random.random() < 0.1 else None,
    )


@cache
def domains() -> list[str]:
    return [f"company-{n}.example" for n in range(DOMAINS)]


def domain_lists(number: int) -> Iterator[frozenset[str]]:
    """Made before the profiles: in a service too, they do not lie among them in memory. Of very
    many profiles some have lists with the same entries, or there would be no room for the sets of
    the baseline."""
    random, known = Random(3), domains()
    return cycle([frozenset(random.choices(known, k=LIST_LENGTH)) for _ in range(number)])


def profile(one: CampaignSets) -> Profile:
    bands = tuple(BANDS[int(band)] for band in sorted(one.bands))
    maybe: list[Criterion | None] = [
        _terms("country", one.country, one.no_country),
        _terms("state", one.state),
        Within("filter.size", "size", bands, unknown_passes=False),
        _terms("industry", one.industry, one.no_industry),
        _terms("seniority", one.seniority),
        _terms("function", one.function),
        _terms("title", one.words, one.no_words),
        _terms("category", one.category),
        _terms("answer", one.answers),
        Listed("suppressed", "domain", (f"no/{one.id}",), False) if one.suppressed else None,
        Listed("approved", "domain", (f"yes/{one.id}",), True) if one.approved else None,
    ]
    return Profile(one.id, tuple(criterion for criterion in maybe if criterion))


def _terms(
    attribute: str, allowed: frozenset[str] | None, excluded: frozenset[str] = NOTHING
) -> Terms | None:
    if allowed is None and not excluded:
        return None
    return Terms(f"filter.{attribute}", attribute, allowed, excluded)


def put_lists(lists: Lists, campaigns: Iterable[CampaignSets]) -> None:
    for one in campaigns:
        if one.suppressed:
            lists.put(f"no/{one.id}", one.suppressed)
        if one.approved:
            lists.put(f"yes/{one.id}", one.approved)


def subject(random: Random) -> tuple[Subject, str]:
    """And its size as the baseline sees it: the number of a band."""
    country = COUNTRIES.one(random)
    state = STATES.one(random) if country == COUNTRIES.terms[0] else ELSEWHERE
    industry = INDUSTRIES.terms.index(INDUSTRIES.one(random))
    band = random.randrange(len(BANDS))
    terms = {
        "country": frozenset([country]),
        "state": frozenset([state]),
        "industry": frozenset(f"industry{n}" for n in {industry, industry // 10}),
        "seniority": frozenset([SENIORITIES.one(random)]),
        "function": frozenset([FUNCTIONS.one(random)]),
        "title": WORDS.some(random, 3) | {"of", "and"},
        "category": frozenset([CATEGORIES.one(random)]),
        "answer": frozenset(f"{q}={random.randrange(6)}" for q in QUESTIONS.some(random, 3)),
        "domain": frozenset([random.choice(domains())]),
    }
    return Subject(terms, {"size": BANDS[band]}), str(band)


def naive(campaigns: Sequence[CampaignSets], subject: Subject, band: str) -> list[str]:
    terms = subject.terms
    country, state, industry = terms["country"], terms["state"], terms["industry"]
    seniority, function, words = terms["seniority"], terms["function"], terms["title"]
    category, answers, domain = terms["category"], terms["answer"], terms["domain"]
    return [
        one.id
        for one in campaigns
        if (one.country is None or not one.country.isdisjoint(country))
        and one.no_country.isdisjoint(country)
        and (one.state is None or not one.state.isdisjoint(state))
        and band in one.bands
        and (one.industry is None or not one.industry.isdisjoint(industry))
        and one.no_industry.isdisjoint(industry)
        and (one.seniority is None or not one.seniority.isdisjoint(seniority))
        and (one.function is None or not one.function.isdisjoint(function))
        and (one.words is None or not one.words.isdisjoint(words))
        and one.no_words.isdisjoint(words)
        and not one.category.isdisjoint(category)
        and (one.answers is None or not one.answers.isdisjoint(answers))
        and one.suppressed.isdisjoint(domain)
        and (one.approved is None or not one.approved.isdisjoint(domain))
    ]


@dataclass(frozen=True, slots=True)
class World:
    campaigns: list[CampaignSets]
    profiles: list[Profile]
    lists: Lists
    subjects: list[tuple[Subject, str]]


def world(number: int) -> World:
    random = Random(1)
    own = domain_lists(min(number // 2, LISTS_MAX))
    campaigns = [draw_campaign(random, n, own) for n in range(number)]
    lists = Lists()
    put_lists(lists, campaigns)
    subjects = [subject(random) for _ in range(SUBJECTS)]
    return World(campaigns, [profile(one) for one in campaigns], lists, subjects)


def rows() -> list[Row]:
    return [*_lists(), *_of(1000), *_of(10_000)]


def _of(number: int) -> list[Row]:
    made = world(number)
    tracemalloc.start()
    matcher = Matcher(made.lists, "category")
    matcher.replace(made.profiles)
    gc.collect()
    bytes_each = tracemalloc.get_traced_memory()[0] / number
    tracemalloc.stop()
    gc.collect()
    gc.freeze()
    rows = [
        *_matching(made, matcher),
        _memory(number, bytes_each),
        _near(made, matcher),
        _explaining(made),
        _changing(made, matcher),
    ]
    for row in rows:
        row.name = f"{row.name}, {number:,} profiles"
    return rows


def _matching(made: World, matcher: Matcher) -> list[Row]:
    """All sides on the same subjects, in turn; the slow ones on fewer of them."""
    number = len(made.campaigns)
    few, very_few = made.subjects[: 2_000_000 // number], made.subjects[: 200_000 // number]
    found = [matcher.match(subject) for subject, _ in few]
    assert [sorted(naive(made.campaigns, *both)) for both in few] == found
    ours, theirs, plain = [], [], []
    for _ in range(ROUNDS):
        theirs.append(_micros(partial(naive, made.campaigns), few))
        plain.append(_micros(lambda subject, _: _plainly(made, subject), very_few))
        ours.append(_micros(lambda subject, _: matcher.match(subject), made.subjects))
    times, limit = GOALS[number]
    against_sets = _times_faster("matching vs fourteen sets a profile", ours, theirs, times)
    against_plain = _times_faster("matching vs all criteria in turn", ours, plain, times)
    quick = at_most("matching a subject", ours, "µs", limit)
    quick.note = f"{sum(map(len, found)) / len(few):.2f} profiles want a subject"
    return [against_sets, against_plain, quick]


def _plainly(made: World, subject: Subject) -> list[str]:
    """As `explain`, up to the first criterion that fails."""
    lists = made.lists
    return [
        one.id for one in made.profiles if all(meets(subject, each, lists) for each in one.criteria)
    ]


def _times_faster(
    name: str, ours: Sequence[float], theirs: Sequence[float], at_least: float
) -> Row:
    mine, baseline = statistics.median(ours), statistics.median(theirs)
    ratio, goal = baseline / mine, f">= {at_least:g} x"
    return Row(
        name, round(mine, 2), "µs", goal, ratio >= at_least, round(baseline, 1), round(ratio)
    )


def _micros(
    run: Callable[[Subject, str], object], subjects: Sequence[tuple[Subject, str]]
) -> float:
    """After the same once more, since the other side has just used the processor's memory."""
    for one, band in subjects:
        run(one, band)
    began = time.process_time()
    for one, band in subjects:
        run(one, band)
    return (time.process_time() - began) / len(subjects) * 1e6


def _near(made: World, matcher: Matcher) -> Row:
    subjects = made.subjects
    micros = [_micros(lambda one, _: matcher.one_away(one), subjects) for _ in range(ROUNDS)]
    number = sum(len(matcher.one_away(one)) for one, _ in subjects) / len(subjects)
    row = Row("profiles one criterion away", round(statistics.median(micros), 1), "µs")
    row.note = f"{number:.1f} of them on average"
    return row


def _explaining(made: World) -> Row:
    pairs = list(islice(zip(cycle(made.profiles), made.subjects * 20, strict=False), 10_000))
    micros = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for one, (subject, _) in pairs:
            explain(one, subject, made.lists)
        micros.append((time.process_time() - began) / len(pairs) * 1e6)
    return at_most("explaining", micros, "µs", EXPLAIN_MICROS)


def _changing(made: World, matcher: Matcher) -> Row:
    """Each takes over what another wants."""
    random = Random(2)
    millis = []
    for one, other in zip(*(random.sample(made.profiles, CHANGES) for _ in "ab"), strict=True):
        changed = replace(other, id=one.id)
        began = time.process_time()
        matcher.replace([changed])
        millis.append((time.process_time() - began) * 1000)
    return at_most("changing one profile", millis, "ms", CHANGE_MILLIS)


def _memory(number: int, bytes_each: float) -> Row:
    row = at_most("memory of the matcher per profile", [bytes_each], "B", BYTES_PER_PROFILE)
    row.note = "without the profiles themselves, which it refers to"
    return row


def _lists() -> list[Row]:
    """The terms themselves are there before; what the bitmaps take is not traced."""
    entries = list(islice(domain_lists(LISTS_MAX), LISTS_MAX))
    tracemalloc.start()
    lists = Lists()
    for number, one in enumerate(entries):
        lists.put(str(number), one)
    table = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    bitmaps = sum(map(sys.getsizeof, lists._lists.values()))
    of_all, of_terms = sum(map(len, entries)), len(frozenset().union(*entries))
    note = f"{of_all:,} entries, {of_terms:,} different ones"
    return [
        at_most("memory of lists per entry", [bitmaps / of_all], "B", BYTES_PER_ENTRY),
        Row("memory of the table, per different term", round(table / of_terms), "B", note=note),
    ]
