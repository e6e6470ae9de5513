"""Records as anybody may write them: Hypothesis draws their bytes, near every bound and format.

Most begin as a golden sample of some type, so that they get far before they go wrong: a value in it
is replaced by something hostile, an attribute is spoilt, repeated or left out, a key is anything.
"""

import json
import random
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from shared.contracts import bounds
from shared.loop.log import Outgoing
from shared.topics import manifest, shard_of
from tests.contract.examples import GOLDEN
from tests.contract.test_golden import type_of

Headers = list[tuple[str, bytes | None]]

SAMPLES = [(type_of(path), json.loads(path.read_text())) for path in sorted(GOLDEN.glob("*.json"))]
OPEN = [name for name, topic in manifest().topics.items() if topic.open]
INSIDE = [name for name, topic in manifest().topics.items() if not topic.open]
ROLES = ["operator", "affiliate", "customer", "delivery", "project_manager", "agent", "", "root"]

SIZES = [
    bounds.ATTRIBUTE_BYTES_MAX,
    bounds.ATTRIBUTE_BYTES_MAX + 1,
    bounds.KEY_BYTES_MAX,
    bounds.KEY_BYTES_MAX + 1,
    bounds.HEADERS_BYTES_MAX,
    bounds.KEPT_BYTES_MAX + 1,
]
LARGE = st.builds(
    lambda size, unit: (unit * size)[:size],
    st.sampled_from(SIZES),
    st.sampled_from([b"a", b"\x00", "\u20ac".encode(), b"\xff", b'"\\']),
)
LEAVES: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**31, 2**63, -(2**63) - 1, 10**400, 1e308, -0.0, 1e-320]),
    st.text(max_size=30),
    st.sampled_from(
        [
            "",
            " ",
            "\x00",
            "a\x00b",
            "$where",
            "a.b",
            "\ud7ff",
            "\U0010ffff",
            "x" * 5_000,
            "../..",
            "2026-13-45",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59.999Z",
            "main/x",
            "a|b",
            "1e999",
        ]
    ),
    st.lists(st.integers(), max_size=3),
    st.just({}),
    st.just({"": {"$set": {"a.b": [[[[]]]]}}}),
    st.just([[]] * 50),
)


@st.composite
def _data(draw: st.DrawFn) -> tuple[str, bytes]:
    """A type and its data: a sample with some of its parts replaced, left out, or renamed."""
    kind, sample = draw(st.sampled_from(SAMPLES))
    data = deepcopy(sample)
    for _ in range(draw(st.integers(0, 3))):
        _spoil(draw, data)
    raw = json.dumps(data, ensure_ascii=draw(st.booleans())).encode(errors="replace")
    if draw(st.integers(0, 9)) == 0:
        at = draw(st.integers(0, len(raw)))
        raw = raw[:at] + draw(st.binary(max_size=8)) + raw[at + draw(st.integers(0, 4)) :]
    return kind, raw


def _spoil(draw: st.DrawFn, data: Any) -> None:
    """Walks down to some part and does something to it."""
    while isinstance(data, dict | list) and data:
        names = sorted(data) if isinstance(data, dict) else list(range(len(data)))
        name = draw(st.sampled_from(names))
        below = data[name]
        if isinstance(below, dict | list) and below and draw(st.booleans()):
            data = below
            continue
        match draw(st.integers(0, 5)):
            case 0:
                del data[name]
            case 1 if isinstance(data, dict):
                data[draw(st.text(max_size=6))] = below
            case _:
                data[name] = deepcopy(draw(LEAVES))
        return


@st.composite
def _headers(draw: st.DrawFn, kind: str) -> Headers:
    headers: Headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", str(draw(st.uuids())).encode()),
        ("ce_source", b"stranger"),
        ("ce_type", kind.encode()),
        ("ce_time", b"2026-03-02T09:15:00Z"),
        ("ce_role", draw(st.sampled_from(ROLES)).encode()),
        ("ce_actor", b"mallory"),
    ]
    for _ in range(draw(st.sampled_from([0, 0, 0, 0, 0, 0, 1, 1, 2, 3]))):
        _spoil_headers(draw, headers)
    return headers


def _spoil_headers(draw: st.DrawFn, headers: Headers) -> None:
    at = draw(st.integers(0, len(headers) - 1))
    name = headers[at][0]
    text = draw(st.one_of(st.binary(max_size=30), st.none(), LARGE, st.text().map(str.encode)))
    match draw(st.integers(0, 4)):
        case 0:
            headers[at] = (name, text)
        case 1:
            headers.append((name, text))
        case 2:
            del headers[at]
            headers.append(("x", text))
        case 3:
            headers.append((draw(st.sampled_from(NAMES)), text))
        case _:
            headers.append((draw(st.text(max_size=8)), text))


NAMES = [
    "ce_stream",
    "ce_number",
    "ce_mac",
    "ce_tenant",
    "ce_subject",
    "traceparent",
    "x\ufffd",
    "content-type",
    "ce_",
    "CE_ID",
    "",
]
KEYS = st.one_of(
    st.none(),
    st.binary(max_size=20),
    LARGE,
    st.text(max_size=20).map(str.encode),
    st.just(b""),
)
USUAL_KEYS = [b"sim:r1", b"sim:r2", b"open", b"house", b"sim", b"main/open", None]
VALUES = st.one_of(st.none(), st.binary(max_size=200), LARGE, st.just(b"[" * 20_000))


@st.composite
def records(draw: st.DrawFn, partitions: int) -> Outgoing:
    kind, value = draw(_data())
    headers = draw(_headers(kind))
    key = draw(KEYS if draw(st.integers(0, 3)) == 0 else st.sampled_from(USUAL_KEYS))
    topic = draw(st.sampled_from(OPEN if draw(st.integers(0, 3)) else INSIDE))
    anything: bytes | None = draw(VALUES) if draw(st.integers(0, 9)) == 0 else value
    at_home = shard_of(key, partitions) if key else 0
    place = at_home if draw(st.integers(0, 9)) else draw(st.integers(0, partitions - 1))
    return Outgoing(topic, place, key, anything, headers)


VARIANTS = 4


def hostile(count: int, number: int, partitions: int) -> Sequence[Outgoing]:
    """So many records of one seed: some are drawn, the others are those with bytes of them changed,
    which is a hundred times as fast."""
    chance = random.Random(number)
    bases = _drawn(-(-count // (1 + VARIANTS)), number, partitions)
    found = [
        one
        for base in bases
        for one in (base, *(_varied(chance, base, partitions) for _ in range(VARIANTS)))
    ]
    return found[:count]


def _varied(chance: random.Random, record: Outgoing, partitions: int) -> Outgoing:
    """The record with a few bytes of one of its parts changed, somewhere else, or as it was."""
    headers = [*record.headers]
    match chance.randrange(6):
        case 0:
            return replace(record, value=_flipped(chance, record.value))
        case 1 if headers:
            name, text = headers.pop(chance.randrange(len(headers)))
            if name in ("ce_source", "ce_tenant"):
                return record  # The same id of another source is another command.
            return replace(record, headers=[*headers, (name, _flipped(chance, text))])
        case 2:
            return replace(record, key=_flipped(chance, record.key))
        case 3:
            return replace(record, topic=chance.choice(OPEN + INSIDE))
        case 4:
            return replace(record, partition=chance.randrange(partitions))
    return record


def _flipped(chance: random.Random, part: bytes | None) -> bytes | None:
    if not part:
        return chance.choice([None, b"", b"\x00", b"0"])
    changed = bytearray(part)
    for _ in range(chance.choice([1, 1, 2, 8])):
        changed[chance.randrange(len(changed))] = chance.choice(INTERESTING)
    return bytes(changed)


INTERESTING = b'\x00\x1f\x7f\x80\xff"\\{}[],:0-9.eEtT '


def _drawn(count: int, number: int, partitions: int) -> Sequence[Outgoing]:
    """Hypothesis varies what it drew before, so they are not all alike."""
    found: list[Outgoing] = []

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(records(partitions))
    def collect(record: Outgoing) -> None:
        found.append(record)

    collect()
    return found[:count]
