"""Drops a lead as a file into a customer's folder, whole or not at all.

Whatever is written lies below one configured folder: each folder on the way is opened from the one
before and no symbolic link is followed, so that nobody who can write there can lead us elsewhere.
"""

import asyncio
import os
import secrets
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from errno import ELOOP, ENOTDIR
from pathlib import Path
from urllib.parse import quote, unquote

from shared.loop.decision import Verdict
from shared.loop.effects import AttemptResult
from shared.store import Document

TIMEOUT_SECONDS = 10.0
THREADS = 4
"""Of our own: a disk that hangs must not take the threads that resolve names for webhooks."""


class LeadsElsewhere(Exception):
    """A part of the folder's address is a symbolic link, or no folder."""


class FileDrop:
    def __init__(self, root: Path | None, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._root = root
        self._timeout_seconds = timeout_seconds
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="drop")

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def __call__(self, row: Document) -> AttemptResult:
        request = row["request"]
        parts = parts_of(request["url"])
        if parts is None:
            return Verdict.REFUSED, "the folder is not one below the drop folder"
        if self._root is None:
            return Verdict.NOT_TRIED, "no drop folder is configured"
        loop, name = asyncio.get_running_loop(), f"{quote(row['_id'], safe='')}.json"
        written = loop.run_in_executor(
            self._threads, drop, self._root, parts, name, request["body"]
        )
        try:
            return await asyncio.wait_for(written, self._timeout_seconds)
        except TimeoutError:
            return Verdict.UNKNOWN, "the file was not written in time"


def parts_of(url: str) -> Sequence[str] | None:
    """The folders that a `file:` address names, one below the other; None if it leads elsewhere."""
    path = unquote(url.partition(":")[2])
    parts = path.removesuffix("/").split("/")
    wrong = any(part in ("", ".", "..") or "\0" in part for part in parts)
    return None if wrong else parts


def drop(root: Path, parts: Sequence[str], name: str, content: bytes) -> AttemptResult:
    """Written under another name, on the disk; renamed; the rename on the disk. Up to the rename
    nobody can have seen the file, after it anybody may have."""
    aside, renamed = f".{name}.{secrets.token_hex(4)}", False
    try:
        with folder_below(root, parts) as folder:
            write_new(folder, aside, content)
            os.replace(aside, name, src_dir_fd=folder, dst_dir_fd=folder)
            renamed = True
            os.fsync(folder)
    except LeadsElsewhere:
        return Verdict.REFUSED, "the folder is a link, or no folder"
    except OSError as error:
        verdict = Verdict.UNKNOWN if renamed else Verdict.NOT_TRIED
        return verdict, f"the file could not be written: {type(error).__name__}"
    return Verdict.DONE, "the file was written"


@contextmanager
def folder_below(root: Path, parts: Sequence[str]) -> Iterator[int]:
    """The innermost folder, opened; what is missing is made, but never the root, which may be a
    disk that is not there."""
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parts:
            outer, folder = folder, inside(folder, part)
            os.close(outer)
        yield folder
    finally:
        os.close(folder)


def inside(folder: int, part: str) -> int:
    with suppress(FileExistsError):
        os.mkdir(part, 0o750, dir_fd=folder)
        os.fsync(folder)
    try:
        return os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
    except OSError as error:
        if error.errno in (ELOOP, ENOTDIR):
            raise LeadsElsewhere(part) from None
        raise


def write_new(folder: int, name: str, content: bytes) -> None:
    opened = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640, dir_fd=folder)
    try:
        with open(opened, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(opened)
    except OSError:
        with suppress(OSError):
            os.unlink(name, dir_fd=folder)
        raise
