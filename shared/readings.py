"""Readings: what is fetched from somebody's API, page by page, and becomes commands.

As with a door, the part that knows the other's format is pure: a page makes commands and says where
the next one lies. An effect that reads is done when the broker has all of them; read again after a
failure it makes the same commands, under the same ids.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.doors import Opened


@dataclass(frozen=True, slots=True)
class PageRead:
    """A page as it came, when by our clock, and for which tenant it was asked."""

    body: bytes
    url: str
    at: datetime
    tenant: str


@dataclass(frozen=True, slots=True)
class Found:
    commands: Sequence[Opened]
    next: str | None = None
    """Where the page that follows lies, as it is written: an address at the same host, or one that
    is relative to this page's."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The page is not what it should be; it is asked for again later."""

    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    name: str
    """By which a request asks for it."""
    role: str
    """In which it asks."""
    read: Callable[[PageRead], Found | Unreadable]

    @property
    def source(self) -> str:
        """The `ce_source` of its commands."""
        return f"reading/{self.name}"
