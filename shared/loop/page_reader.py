"""An effect that reads: pages of somebody's API are fetched in turn, and what each holds is
published as commands before the next one is asked for.
"""

from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urljoin, urlsplit

from shared.clock import Clock
from shared.doors import command_record
from shared.errors import Infrastructure, Poison
from shared.loop.decision import Verdict
from shared.loop.effects import AttemptResult
from shared.loop.log import Outgoing
from shared.readings import Found, PageRead, Reading, Unreadable
from shared.store import Document
from shared.wording import quantity

PAGES_MAX = 200
"""More are a mistake, ours or the other's: a page that names itself as the next one has no end."""

PORTS = {"http": 80, "https": 443}

Fetch = Callable[[Document, str], Awaitable[tuple[AttemptResult, bytes]]]
Publish = Callable[[Sequence[Outgoing]], Awaitable[None]]


class PageReader:
    def __init__(
        self, readings: Sequence[Reading], fetch: Fetch, publish: Publish, clock: Clock
    ) -> None:
        self._readings = {reading.name: reading for reading in readings}
        self._fetch = fetch
        self._publish = publish
        self._clock = clock

    async def __call__(self, row: Document) -> AttemptResult:
        request = row["request"]
        reading = self._readings.get(request["reading"])
        if reading is None:
            return Verdict.NOT_TRIED, "nothing here reads such pages"
        url, commands = request["url"], 0
        for number in range(1, PAGES_MAX + 1):
            result, body = await self._fetch(row, url)
            if result[0] is not Verdict.DONE:
                return result
            found = reading.read(PageRead(body, url, self._clock.now(), row["cause"]["tenant"]))
            if isinstance(found, Unreadable):
                return Verdict.UNKNOWN, f"page {number} can't be read: {found.reason}"
            if why := await self._ask(reading, found, row["cause"]["trace"]):
                return Verdict.UNKNOWN, f"page {number}: {why}"
            commands += len(found.commands)
            if found.next is None:
                summary = f"read {quantity(number, 'page')}, {quantity(commands, 'command')}"
                return Verdict.DONE, summary
            following = urljoin(url, found.next)
            if not is_beside(following, url):
                return Verdict.REFUSED, "the next page lies at another host"
            url = following
        return Verdict.REFUSED, f"there are more than {PAGES_MAX} pages"

    async def _ask(self, reading: Reading, found: Found, trace: str | None) -> str | None:
        """Why not all of a page is a command that the broker has, if so."""
        try:
            records = [
                command_record(reading.source, reading.role, each, trace) for each in found.commands
            ]
            await self._publish(records)
        except Poison as poison:
            return poison.code
        except Infrastructure:
            return "the broker has not taken it"
        return None


def is_beside(following: str, url: str) -> bool:
    """Whether the token that one is asked with may be shown to the other."""
    try:
        return _origin(following) == _origin(url) and "@" not in urlsplit(following).netloc
    except ValueError:  # A port that is none.
        return False


def _origin(url: str) -> tuple[str, str | None, int | None]:
    """A port that is not written is the usual one: some write it in the next page's address."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or PORTS.get(parts.scheme)
