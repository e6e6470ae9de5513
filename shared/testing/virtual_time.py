"""An event loop whose time is a number: it jumps to the next timer as soon as nothing is ready.

A month of waiting takes no time, and a run with the same seed takes the same course: there is no
input or output, no thread and no real clock in it.
"""

import asyncio
import selectors
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


class NothingLeft(RuntimeError):
    """Every task waits for another: a deadlock."""


class _Jump(selectors.BaseSelector):
    """A selector that finds nothing ready and lets the waiting time pass at once."""

    def __init__(self) -> None:
        self.now = 0.0
        self._keys: dict[Any, selectors.SelectorKey] = {}

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise NothingLeft("no task can go on and no timer is set")
        self.now += max(0.0, timeout)
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        self._keys[fileobj] = selectors.SelectorKey(fileobj, int(fileobj), events, data)
        return self._keys[fileobj]

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._keys.pop(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._keys


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)
        self._clock_resolution = 1e-9

    def time(self) -> float:
        return self._jump.now


def new_loop() -> VirtualTimeLoop:
    """What fails in a task that nobody waits for is for the oracle to find, not for the log."""
    loop = VirtualTimeLoop()
    loop.set_exception_handler(lambda _loop, _context: None)
    return loop


def run(main: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine to its end in virtual time; whatever it leaves behind is cancelled."""
    loop = new_loop()
    try:
        return loop.run_until_complete(main)
    finally:
        end(loop)


def end(loop: VirtualTimeLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
