"""How a mistake is planted: its wrong function stands where the right one was, in this process."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

Plant = Callable[[], None]


def plant(target: Any, name: str, wrong: Any) -> None:
    patch.object(target, name, wrong).start()
