"""W3C trace contexts: the trace that a message belongs to, and the span in it that it follows from.

A context is one text: its `traceparent`, and behind a blank its `tracestate`, if it has one. The
ids of spans are derived from places, never drawn, so that whatever is decided again names the same
span as before.
"""

import hashlib
import re

TRACEPARENT = re.compile(
    r"(?!ff)([0-9a-f]{2})-((?!0{32})[0-9a-f]{32})-((?!0{16})[0-9a-f]{16})-([0-9a-f]{2})(-.*)?"
)
TRACEPARENT_LENGTH_MAX = 255
SAMPLED = 0b1
FLAGS_KNOWN = 0b11
"""Sampled, and that the trace's id is random: of others nobody can say what they would mean."""

STATE_LENGTH_MAX = 512
STATE_MEMBERS_MAX = 32
STATE_MEMBER = re.compile(
    r"[a-z0-9][a-z0-9_*/@-]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]"
)


def join(traceparent: str | None, tracestate: str | None) -> str | None:
    """The context of these two headers; None for what is none, as the recommendation has it."""
    if not traceparent or len(traceparent) > TRACEPARENT_LENGTH_MAX:
        return None
    match = TRACEPARENT.fullmatch(traceparent)
    if match is None or (match[1] == "00" and match[5]):
        return None
    state = tracestate and _state(tracestate)
    return f"{traceparent} {state}" if state else traceparent


def _state(text: str) -> str | None:
    members = [member for part in text.split(",") if (member := part.strip(" \t"))]
    names = {member.partition("=")[0] for member in members}
    if len(text) > STATE_LENGTH_MAX or len(members) > STATE_MEMBERS_MAX:
        return None
    if len(names) < len(members) or not all(map(STATE_MEMBER.fullmatch, members)):
        return None
    return ",".join(members)


def headers(context: str | None) -> dict[str, str]:
    """As it is told to others."""
    traceparent, _, state = (context or "").partition(" ")
    found = {"traceparent": traceparent, "tracestate": state}
    return {name: text for name, text in found.items() if text}


def ids(context: str | None) -> tuple[str, str, int] | None:
    """The trace, the span and the flags."""
    match = TRACEPARENT.fullmatch((context or "").partition(" ")[0])
    return (match[2], match[3], int(match[4], 16)) if match else None


def trace_id(context: str | None) -> str:
    """Empty where there is none."""
    found = ids(context)
    return found[0] if found else ""


def log_fields(context: str | None) -> dict[str, str]:
    """As a log line tells it."""
    found = ids(context)
    return {"trace_id": found[0], "span_id": found[1]} if found else {}


def child(context: str | None, *place: str) -> str | None:
    """The same trace, from the span of what is at this place; None where there is no trace."""
    found = ids(context)
    if context is None or found is None:
        return None
    trace, _, flags = found
    span = hashlib.sha256("\x1f".join(place).encode()).hexdigest()[:16]
    state = context[at:] if (at := context.find(" ")) > 0 else ""
    return f"00-{trace}-{span}-{flags & FLAGS_KNOWN:02x}{state}"
