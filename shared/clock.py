"""The time that decisions are told: the machine's, or the local stack's virtual clock.

The virtual clock is a file that every process of a stack reads, so a month can pass for all of them
at once. Waiting and back-off never use it; they are measured on the monotonic clock. Only how long
an endpoint has been left alone passes with it, or a stack whose clock goes on by a day would wait
for each failing endpoint on the machine's clock.
"""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant in UTC, to the millisecond that the store keeps."""


class SystemClock:
    def now(self) -> datetime:
        return to_millisecond(datetime.now(UTC))


class VirtualClock:
    """The machine's time plus the offset that the file holds; a missing file means none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[int, int] | None = None
        self._offset = timedelta()

    def now(self) -> datetime:
        return to_millisecond(datetime.now(UTC) + self.ahead())

    def ahead(self) -> timedelta:
        try:
            # When a file was changed is told only by ticks, which lie up to 10 ms apart. It is
            # replaced as a whole, so what follows is another file.
            found = self._path.stat()
            if (read := (found.st_mtime_ns, found.st_ino)) != self._read:
                seconds = json.loads(self._path.read_text())["offset_seconds"]
                self._offset, self._read = timedelta(seconds=seconds), read
        except FileNotFoundError:
            self._offset = timedelta()
        return self._offset


def clock(path: Path | None) -> Clock:
    return VirtualClock(path) if path else SystemClock()


class Passing:
    """Seconds that pass for endpoints: on the monotonic clock, and whatever the virtual one is
    ahead. Neither goes back."""

    def __init__(self, path: Path | None) -> None:
        self._virtual = VirtualClock(path) if path else None

    def __call__(self) -> float:
        ahead = self._virtual.ahead().total_seconds() if self._virtual else 0.0
        return time.monotonic() + ahead


def to_millisecond(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
