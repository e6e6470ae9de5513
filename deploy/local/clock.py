"""The stack's virtual clock: how far its time is ahead of the machine's, in a file.

Every process of the stack reads the file before each step, so one replacement moves them all.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.files import read_json, write_json


def offset(path: Path) -> timedelta:
    return timedelta(seconds=read_json(path).get("offset_seconds", 0.0))


def now(path: Path) -> datetime:
    return datetime.now(UTC) + offset(path)


def set_offset(path: Path, ahead: timedelta) -> None:
    write_json(path, {"offset_seconds": ahead.total_seconds()})


def jump_to(path: Path, moment: datetime) -> None:
    """Only ever forward: time that ran backwards would fire deadlines out of order."""
    set_offset(path, max(offset(path), moment - datetime.now(UTC)))
