"""Programs of the documentation, each in a process of its own, exactly as it stands there.

They are forked from a process that has the Kafka client imported already: doing that anew takes a
second of a busy machine, sixty times over.
"""

import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(["aiokafka", "pytest", __name__])


def run_python(
    code: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    printed: Path,
    seconds: float,
) -> int:
    """The exit code, as far as there is one in time; stdout and stderr go to the file."""
    told = (code, list(arguments), dict(environment), str(printed))
    process = FORKING.Process(target=_program, args=told)
    process.start()
    process.join(seconds)
    if process.exitcode is None:
        process.kill()
        process.join()
    assert process.exitcode is not None
    return process.exitcode


def _program(
    code: str, arguments: Sequence[str], environment: Mapping[str, str], printed: str
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[1:] = arguments
    output = os.open(printed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.dup2(output, stream.fileno())
    exec(compile(code, "<example>", "exec"), {"__name__": "__main__"})
