"""OpenTelemetry's variables, in which what is no number counts as not set where one belongs.

So its specification has it, but the SDK raises for some of them, for limits already while it is
imported. Whoever imports the SDK imports this before.
"""

import os


def above_zero(variable: str, default: int) -> int:
    text = os.environ.get(variable, "").strip()
    return int(text) if _is_whole(text) and int(text) else default


def unset_wrong_limits() -> None:
    for variable, text in list(os.environ.items()):
        is_limit = variable.startswith("OTEL_") and variable.endswith("_LIMIT")
        if is_limit and not _is_whole(text.strip() or "0"):
            del os.environ[variable]


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit()


unset_wrong_limits()
