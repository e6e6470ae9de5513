"""Where the local stack keeps things: the state directory, the cache, and small JSON files.

Files that others read while we write are replaced atomically: a reader sees the old or the new one.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

CHECKOUT = Path(__file__).resolve().parent.parent


def var_dir() -> Path:
    """The state directory of the stack that is meant: LEADOPS_VAR, or var/ in the checkout."""
    return Path(os.environ.get("LEADOPS_VAR") or CHECKOUT / "var").resolve()


def cache_dir() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    path = Path(base) / "leadops"
    path.mkdir(parents=True, exist_ok=True)
    return path


def read_json(path: Path) -> dict[str, Any]:
    """The document in the file; empty if there is none."""
    try:
        content: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    return content


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Readable by the owner only, since these files carry the stack's token and secrets."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file, indent=1)
    temporary.replace(path)


def tail(path: Path, lines: int = 15) -> str:
    """The last lines of a log."""
    if not path.exists():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


def try_lock(path: Path, kind: int = fcntl.LOCK_EX) -> IO[str] | None:
    """A lock until the file is closed or the process ends, however it ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a")
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def is_locked(path: Path) -> bool:
    """Asks with a shared lock, so that those who ask don't take each other for the owner."""
    lock = try_lock(path, fcntl.LOCK_SH) if path.exists() else None
    if lock:
        lock.close()
    return lock is None and path.exists()


@contextmanager
def hold_lock(path: Path, seconds: float = 300) -> Iterator[None]:
    """Waits for the lock: of two stacks that fetch the same thing, the second finds it done."""
    deadline = time.monotonic() + seconds
    while (file := try_lock(path)) is None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"another process has held {path} for {seconds:.0f} s")
        time.sleep(0.1)
    with file:
        yield
