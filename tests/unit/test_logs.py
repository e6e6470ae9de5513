"""What a process tells of itself: JSON whoever speaks, and it names no person."""

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shared.logs import LOG_FIELDS, redact

ROOT = Path(__file__).parent.parent.parent
BEGIN = """
import asyncio, logging, sys, threading, warnings
import structlog
from shared.contracts import trace_context
from shared.logs import configure_logs
log = structlog.get_logger("ours")
configure_logs("town", 3, "info")

def fail():
    raise ValueError("Ann Canaryson <ann@mail.example>")

async def forget():
    asyncio.create_task(never())
    await asyncio.sleep(0)

async def never():
    fail()
"""


def lines_of(program: str) -> list[dict[str, Any]]:
    """What a process that runs it says, each line read as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "canaryson" not in done.stderr.lower()
    return [json.loads(line) for line in done.stderr.splitlines()]


TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("log.info('shards opened', shards=[1])", {"event": "shards opened", "shards": [1]}),
        (
            f"log.warning('x', **trace_context.log_fields('{TRACE}'))",
            {"trace_id": "a" * 32, "span_id": "b" * 16},
        ),
        (
            "logging.getLogger('uvicorn.error').warning('Invalid %s', 'request')",
            {"event": "Invalid request", "logger": "uvicorn.error", "level": "warning"},
        ),
        (
            "try: fail()\nexcept ValueError: logging.getLogger('uvicorn.error').exception('Oh')",
            {"event": "Oh", "error": "ValueError", "level": "error"},
        ),
        ("logging.getLogger('x').error('a line\\nAnn Canaryson')", {"event": "a line"}),
        ("warnings.warn('old')", {"logger": "py.warnings", "level": "warning"}),
        ("asyncio.run(forget())", {"logger": "asyncio", "error": "ValueError"}),
        ("fail()", {"event": "the process ends", "error": "ValueError", "level": "critical"}),
        (
            "raise ExceptionGroup('Ann Canaryson', [ValueError('x'), KeyError('y')])",
            {"event": "the process ends", "error": "ValueError, KeyError"},
        ),
        (
            "thread = threading.Thread(target=fail); thread.start(); thread.join()",
            {"event": "a thread ends", "error": "ValueError"},
        ),
    ],
)
def test_whoever_speaks_speaks_json(program: str, told: dict[str, Any]) -> None:
    """Ours, the web server's, a warning, and what nobody caught; with who says it."""
    (line,) = lines_of(program)
    assert told.items() <= line.items()
    assert ("town", 3) == (line["service"], line["instance"])
    assert {"version", "timestamp", "level", "event"} <= line.keys() <= LOG_FIELDS


def test_what_is_raised_or_counted_anyway_is_not_said() -> None:
    program = "[logging.getLogger(n).error('x') for n in ('aiokafka.client', 'opentelemetry.sdk')]"
    assert [] == lines_of(program)


def test_what_is_logged_is_allowed() -> None:
    """A field that nobody allowed would be told as such, and be of no use."""
    logged = {
        keyword.arg
        for path in (*(ROOT / "shared").rglob("*.py"), *(ROOT / "services").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "log"
        for keyword in node.keywords
        if keyword.arg is not None
    }
    assert {"door", "shards"} <= logged <= LOG_FIELDS


def test_a_log_line_keeps_known_fields_and_masks_addresses() -> None:
    entry = {"event": "step failed", "error": "no ann@mail.example here", "shards": [1, 2]}
    assert {**entry, "error": "no [address] here"} == redact(None, "info", entry)


def test_a_field_that_nobody_allowed_is_not_told() -> None:
    assert {"event": "x", "person": "[not allowed]"} == redact(
        None, "info", {"event": "x", "person": "Ann Canaryson"}
    )


def test_addresses_are_masked_at_any_depth_and_in_exceptions() -> None:
    entry = {"errors": [{"at": ValueError("<ann@mail.example>")}]}
    assert {"errors": [{"at": "<[address]>"}]} == redact(None, "info", entry)
