"""Values that something can have: one that nothing can have is an error, and not an empty answer.

Those of a closed set are checked at once. Ids are looked up only where nothing was found, so that
a search that finds something costs one question.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager

from rapidfuzz import fuzz, process, utils

from cli.api import Api
from cli.output import WRONG_USAGE, CliError

OUTCOMES = ("accepted", "held", "unusable", "omitted", "waiting")
SOURCES = ("affiliate", "organic")
SEND_STATES = ("waiting", "dropped", "reserved", "sent", "refused", "uncertain")
DEAD_LETTER_STATES = ("dead", "waiting", "replayed", "skipped")

NEAREST_MAX = 3
ALIKE_MIN = 60
NAMED_MAX = 8
"""So many values are all told; of more, those that are nearest."""


def check(what: str, name: str | None, known: Collection[str]) -> None:
    if name is not None and name not in known:
        raise unknown(what, name, known)


def unknown(what: str, name: str, known: Collection[str]) -> CliError:
    """By what it is, such as an affiliate, with the nearest there is."""
    near = nearest(name, known)
    text = f"there is no {what.replace('_', ' ')} {name!r}"
    text += f" (did you mean {' or '.join(near)}?)" if near else ""
    text += f"; there are: {', '.join(known)}" if 0 < len(known) <= NAMED_MAX else ""
    text += "" if known else "; there is none yet"
    return CliError(f"{what}_unknown", text, WRONG_USAGE)


def nearest(name: str, known: Collection[str]) -> list[str]:
    """The most alike first, whatever its letters' case."""
    found = process.extract(
        name,
        list(known),  # Of a mapping it would take the values.
        scorer=fuzz.ratio,
        processor=utils.default_process,
        limit=NEAREST_MAX,
        score_cutoff=ALIKE_MIN,
    )
    return [alike for alike, *_ in found]


def check_filters(api: Api, filters: Mapping[str, str | None]) -> None:
    """Asked where nothing was found: whether anything could have been."""
    for what, ids in IDS.items():
        if name := filters.get(what):
            check(what, name, list(dict.fromkeys(ids(api))))


@contextmanager
def suggesting_nearest(**ids: str | None) -> Iterator[None]:
    """A service tells which id it does not know; here the nearest there are, too. What an id
    belongs to is looked at first, such as the campaign of a send."""
    try:
        yield
    except CliError as error:
        if error.code.endswith("_unknown"):
            with Api() as api:
                check_filters(api, ids)
        raise


def _affiliates(api: Api) -> Iterator[str]:
    return (one["id"] for one in api.get("intake", "/affiliates")["affiliates"])


def _lead_codes(api: Api) -> Iterator[str]:
    for affiliate in api.get("intake", "/affiliates")["affiliates"]:
        yield from affiliate["lead_codes"]


def _deliveries(api: Api) -> Iterator[str]:
    return (one["id"] for one in api.get("intake", "/deliveries")["deliveries"])


def _questions(api: Api) -> Iterator[str]:
    return (one["id"] for one in api.get("intake", "/questions")["questions"])


def _campaigns(api: Api) -> Iterator[str]:
    return (one["id"] for one in api.get("routing", "/campaigns")["campaigns"])


def _lists(api: Api) -> Iterator[str]:
    return (one["id"] for one in api.get("routing", "/lists")["lists"])


IDS: Mapping[str, Callable[[Api], Iterator[str]]] = {
    "affiliate": _affiliates,
    "lead_code": _lead_codes,
    "delivery": _deliveries,
    "question": _questions,
    "campaign": _campaigns,
    "list": _lists,
}
