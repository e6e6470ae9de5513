"""Waits until the customers have found their files, which lie there before anybody knows of them.

Only to know when to judge: what is judged is the line that each file gets, not the file.
"""

import time
from pathlib import Path
from urllib.parse import unquote

from cli.output import progress
from cli.stack_records import read_lines
from deploy.files import var_dir
from deploy.local import stack

SECONDS = 20
LOOK_SECONDS = 0.1


def wait() -> None:
    """What is left after the limit is told by the checks, as keys that were not received."""
    folder, deadline = Path(stack.stack()["drop"]), time.monotonic() + SECONDS
    while left := unknown(folder, var_dir() / "received.jsonl"):
        if time.monotonic() > deadline:
            progress(f"  {len(left)} files were not picked up within {SECONDS} s")
            return
        time.sleep(LOOK_SECONDS)


def unknown(folder: Path, lines: Path) -> set[str]:
    """Keys of files that have no line yet; what begins with a dot is still being written."""
    names = [path for path in folder.glob("*/*.json") if not path.name.startswith(".")]
    return {unquote(path.stem) for path in names} - {line["key"] for line in read_lines(lines)}
