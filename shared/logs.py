"""Logs of a process: one JSON object a line on standard error, whoever speaks, also libraries,
warnings and what nobody caught.

The last thing that a line passes is an allow-list of its fields, in which whatever looks like an
address is masked; of an exception its kind and place are told, never its text. So no line names a
person.
"""

import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterator
from importlib import metadata
from types import TracebackType
from typing import Any

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor

LOG_FIELDS = frozenset(
    ("event", "level", "timestamp", "service", "instance", "version", "logger", "trace_id")
    + ("span_id", "at", "code", "door", "endpoint", "error", "errors", "id", "inputs", "number")
    + ("place", "reason", "role", "shard", "shards", "stream", "type")
)
ADDRESS = re.compile(r"[^\s@\"'<>]+@[^\s@\"'<>]+")
TELL_NOTHING = ("aiokafka", "opentelemetry")
"""What they say is raised, or counted, as well."""

log = structlog.get_logger(__name__)


def redact(_logger: object, _method: str, entry: EventDict) -> dict[str, Any]:
    """Lets through the fields that are known to name no person, and nothing that looks like an
    address in them. What a later log call adds has to be named here first."""
    return {
        name: _without_addresses(value) if name in LOG_FIELDS else "[not allowed]"
        for name, value in entry.items()
    }


def _without_addresses(value: Any) -> Any:
    match value:
        case str():
            return ADDRESS.sub("[address]", value)
        case dict():
            return {name: _without_addresses(one) for name, one in value.items()}
        case list() | tuple() | set():
            return [_without_addresses(one) for one in value]
        case int() | float() | None:
            return value
        case other:
            return _without_addresses(str(other))


def of_a_library(_logger: object, _method: str, entry: EventDict) -> EventDict:
    """The first line of what it says, since below it stand the values that it speaks of; and where
    an exception comes from."""
    entry["event"] = entry["event"].partition("\n")[0]
    entry.pop("stack_info", None)
    kind, error, where = entry.pop("exc_info", None) or (None, None, None)
    if kind is not None and error is not None:
        entry.update(error=", ".join(kinds_of(error)), at=place_of(where))
    return entry


def kinds_of(error: BaseException) -> Iterator[str]:
    """Of a group, those of all that it holds."""
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from kinds_of(each)
    else:
        yield type(error).__name__


def place_of(where: TracebackType | None) -> str:
    frames = traceback.extract_tb(where)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""


def configure_logs(service: str, instance: int, level: str) -> None:
    """Libraries speak up only from warnings on."""
    who = {"service": service, "instance": instance, "version": metadata.version("leadops")}

    def identify(_logger: object, _method: str, entry: EventDict) -> EventDict:
        entry.update(who)
        return entry

    begin: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper("iso", utc=True),
    ]
    end: list[Processor] = [identify, redact, structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=[*begin, *end],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *begin, of_a_library],
            processors=[ProcessorFormatter.remove_processors_meta, *end],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name in TELL_NOTHING:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    sys.excepthook = _on_uncaught
    threading.excepthook = _on_uncaught_in_thread


def _on_uncaught(
    _kind: type[BaseException], error: BaseException, where: TracebackType | None
) -> None:
    log.critical("the process ends", error=", ".join(kinds_of(error)), at=place_of(where))


def _on_uncaught_in_thread(uncaught: threading.ExceptHookArgs) -> None:
    log.error(
        "a thread ends",
        error=", ".join(kinds_of(uncaught.exc_value)) if uncaught.exc_value else "",
        at=place_of(uncaught.exc_traceback),
    )
