"""Sets of slots as whole numbers: slot n is in the set if bit n is one.

Python's numbers are as long as they need to be, and one `&` of two of them intersects thousands of
slots at a time.
"""

import re
from collections.abc import Collection, Mapping

FEW, SHORT = 16, 8192
"""Slots are taken from a mask one by one, at a copy of it each, unless it is long and they are not
few."""

_NOT_ZERO = re.compile(rb"[^\0]")
_BITS = [tuple(bit for bit in range(8) if byte >> bit & 1) for byte in range(256)]


def mask(slots: Collection[int]) -> int:
    """Written into bytes first: adding the slots one by one would copy the number each time."""
    if not slots:
        return 0
    whole = bytearray(max(slots) // 8 + 1)
    for slot in slots:
        whole[slot >> 3] |= 1 << (slot & 7)
    return int.from_bytes(whole, "little")


def slots(mask: int) -> list[int]:
    if mask.bit_length() > SHORT and mask.bit_count() > FEW:
        return _many_slots(mask)
    found = []
    while mask:
        slot = mask.bit_length() - 1
        found.append(slot)
        mask ^= 1 << slot
    return found


def _many_slots(mask: int) -> list[int]:
    """Only the bytes that are not zero are looked at, and a regular expression finds them."""
    whole = mask.to_bytes((mask.bit_length() + 7) // 8, "little")
    starts = [found.start() for found in _NOT_ZERO.finditer(whole)]
    return [start * 8 + bit for start in starts for bit in _BITS[whole[start]]]


def flip(masks: dict[str, int], changed: Mapping[str, Collection[int]]) -> None:
    """Puts in the slots that are not in, takes out those that are. What is empty is not kept."""
    for term, slots in changed.items():
        if flipped := masks.get(term, 0) ^ mask(slots):
            masks[term] = flipped
        else:
            del masks[term]
