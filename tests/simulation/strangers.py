"""What writers do who are no service of this system and keep to no bound: each is dead-lettered or
answered, and takes nothing with it."""

import random
from collections.abc import Callable
from dataclasses import replace

from shared.contracts import bounds
from shared.loop.log import CONTROL, UNOPENED, Outgoing
from tests.simulation.poison import with_header

Make = Callable[[random.Random, Outgoing], Outgoing]

INSIDE = ("routing.claims.v1", "routing.answers.v1", "intake.events.v1", "routing.events.v1")
"""Topics that only services write to."""


def _more(record: Outgoing, *headers: tuple[str, bytes | None]) -> Outgoing:
    return replace(record, headers=[*record.headers, *headers])


def _numbers(random: random.Random) -> list[tuple[str, bytes | None]]:
    stream = random.choice(["upstream/1", "intake/0", "routing/0", "routing/3", "routing/1.1"])
    number = random.choice(["0", "1", "2", "7", "1000000", "-1", "many"])
    return [("ce_stream", stream.encode()), ("ce_number", number.encode())]


def forged_numbers(random: random.Random, record: Outgoing) -> Outgoing:
    """An honest command, but for numbers that are nobody's: it must be decided."""
    return _more(record, *_numbers(random))


def forged_inside(random: random.Random, record: Outgoing) -> Outgoing:
    """On a topic that only services write to, as if a service had."""
    mac = ("ce_mac", f"{random.getrandbits(96):024x}".encode())
    return replace(_more(record, *_numbers(random), mac), topic=random.choice(INSIDE))


def unnumbered_inside(random: random.Random, record: Outgoing) -> Outgoing:
    return replace(record, topic=random.choice(INSIDE))


def repeated_attribute(random: random.Random, record: Outgoing) -> Outgoing:
    return _more(record, (random.choice(["ce_id", "ce_role", "content-type"]), b"another"))


def huge_attribute(random: random.Random, record: Outgoing) -> Outgoing:
    text = random.choice([b"\x01", b"a", "\u20ac".encode()]) * random.choice([2_000, 700_000])
    name = random.choice(["ce_id", "ce_source", "ce_tenant", "traceparent"])
    return replace(record, headers=with_header(list(record.headers), name, text))


def control_characters(_random: random.Random, record: Outgoing) -> Outgoing:
    return replace(record, headers=with_header(list(record.headers), "ce_id", b"a\x00\x1f"))


def many_headers(random: random.Random, record: Outgoing) -> Outgoing:
    return _more(record, *[(f"x{number}", b"x") for number in range(random.choice([50, 5_000]))])


def huge_key(random: random.Random, record: Outgoing) -> Outgoing:
    return replace(record, key=b"k" * random.choice([bounds.KEY_BYTES_MAX + 1, 300_000]))


def odd_key(_random: random.Random, record: Outgoing) -> Outgoing:
    return replace(record, key=b"\xff\x00\xfe")


def header_name_not_utf8(_random: random.Random, record: Outgoing) -> Outgoing:
    """As the reader of fetched batches hands it over."""
    return _more(record, ("x\ufffd", b"x"))


def marker(random: random.Random, record: Outgoing) -> Outgoing:
    """The end of a transaction, or a batch that could not be opened."""
    name = random.choice([CONTROL, UNOPENED])
    return replace(record, key=None, value=b"packed", headers=[(name, b"6")])


KINDS: dict[str, Make] = {
    make.__name__: make
    for make in (
        forged_numbers,
        forged_inside,
        unnumbered_inside,
        repeated_attribute,
        huge_attribute,
        control_characters,
        many_headers,
        huge_key,
        odd_key,
        header_name_not_utf8,
        marker,
    )
}
ON_NO_WIRE = {"header_name_not_utf8", "marker"}
"""What only a reader makes of bytes: a real producer can't write these as they are."""
