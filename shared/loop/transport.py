"""How an effect is performed: by the scheme of its address, or read where it names a reading. One
module each knows one way.
"""

from collections.abc import Mapping, Sequence

from shared.clock import clock
from shared.loop.decision import Verdict
from shared.loop.effects import AttemptResult, Transport
from shared.loop.file_drop import FileDrop
from shared.loop.log import Outgoing
from shared.loop.mail import Mails, relay_of
from shared.loop.page_reader import PageReader, Publish
from shared.loop.webhook import Webhooks
from shared.readings import Reading
from shared.settings import Settings
from shared.store import Document


async def nobody_publishes(_records: Sequence[Outgoing]) -> None:
    """Of a service without readings."""


class Transports:
    def __init__(
        self,
        settings: Settings,
        readings: Sequence[Reading] = (),
        publish: Publish = nobody_publishes,
    ) -> None:
        """Raises `WrongSetting` if one of the ways is configured and can't work."""
        self._webhooks = Webhooks(
            settings.webhook_secret,
            settings.webhook_secrets,
            private_targets=settings.webhook_private_targets,
            tokens=settings.token_folder,
        )
        self._reader = PageReader(readings, self._webhooks.get, publish, clock(settings.clock_file))
        self._mails = Mails(relay_of(settings))
        self._drops = FileDrop(settings.drop_folder)
        self._by_scheme: Mapping[str, Transport] = {
            "https": self._webhooks,
            "http": self._webhooks,
            "mailto": self._mails,
            "file": self._drops,
        }

    async def close(self) -> None:
        self._drops.close()
        await self._webhooks.close()

    async def __call__(self, row: Document) -> AttemptResult:
        if row["request"].get("reading"):
            return await self._reader(row)
        scheme = row["request"]["url"].partition(":")[0].lower()
        transport = self._by_scheme.get(scheme)
        if transport is None:
            ways = ", ".join(f"{way}:" for way in self._by_scheme)
            return Verdict.REFUSED, f"the address begins with none of {ways}"
        return await transport(row)
