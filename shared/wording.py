"""How a number and what it counts are written, in one way, in every text that a person reads."""


def quantity(number: int, noun: str) -> str:
    """1 lead, 2 leads, 1,000 entries."""
    return f"{number:,} {noun if number == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """Of nouns whose plural follows from their letters: lead, entry, day."""
    ends_with_y = noun.endswith("y") and noun[-2:-1] not in "aeiou"
    return f"{noun[:-1]}ies" if ends_with_y else f"{noun}s"
