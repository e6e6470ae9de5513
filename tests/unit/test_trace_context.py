"""Trace contexts: what is one, and which span follows from a place in it."""

import pytest

from shared.contracts.trace_context import child, headers, ids, join, trace_id

TRACE, SPAN = "a" * 32, "b" * 16
PARENT = f"00-{TRACE}-{SPAN}-01"
MEMBER = "v@endor/x=some thing"


@pytest.mark.parametrize(
    "traceparent",
    [
        "",
        "00-xyz",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{SPAN}-01",
        PARENT.upper(),
        f"{PARENT}-more",
        f"{PARENT} a=b",
        f" {PARENT}",
        f"{PARENT}\n",
        f"00-{TRACE}-{SPAN}",
        f"01-{PARENT[3:]}-{'x' * 256}",
    ],
)
def test_what_is_no_context_is_left_out(traceparent: str) -> None:
    assert join(traceparent, MEMBER) is None


@pytest.mark.parametrize("stored", [None, "", "00-xyz", f"00-{'0' * 32}-{SPAN}-01"])
def test_outside_of_a_trace_nothing_has_a_span(stored: str | None) -> None:
    assert (None, "", {}) == (child(stored, "place"), trace_id(stored), headers(None))


def test_a_later_version_is_read_as_far_as_it_is_known() -> None:
    context = join(f"42-{TRACE}-{SPAN}-ff-whatever", None)
    assert (TRACE, SPAN, 255) == ids(context)
    assert f"00-{TRACE}-" == (child(context, "place") or "")[:36]
    assert "-03" == (child(context, "place") or "")[-3:]


@pytest.mark.parametrize(
    ("tracestate", "kept"),
    [
        ("a=b", "a=b"),
        (f"a=b , {MEMBER},,", f"a=b,{MEMBER}"),
        ("", ""),
        ("a", ""),
        ("A=b", ""),
        ("a=b,a=c", ""),
        ("a=\u00e9", ""),
        ("a=b\x00", ""),
        (f"a={'x' * 511}", ""),
        (",".join(f"k{number}=v" for number in range(33)), ""),
    ],
)
def test_a_state_is_kept_whole_or_left_out(tracestate: str, kept: str) -> None:
    told = {"traceparent": PARENT} | ({"tracestate": kept} if kept else {})
    assert told == headers(join(PARENT, tracestate))


def test_a_child_keeps_the_trace_its_flags_and_its_state() -> None:
    context = join(PARENT, MEMBER)
    parent, state = headers(child(context, "topic", "3", "17")).values()
    assert (TRACE, "01", MEMBER) == (trace_id(parent), parent[-2:], state)
    assert SPAN not in parent


def test_a_span_follows_from_its_place_alone() -> None:
    """Whoever decides again what lies there names the same one; another place has another."""
    again, elsewhere = child(PARENT, "topic", "3", "17"), child(PARENT, "topic", "31", "7")
    assert child(PARENT, "topic", "3", "17") == again != elsewhere
