"""Whose date of a command counts, at the very edges of what is believed."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.contracts.envelope import Envelope
from shared.loop.dating import Dating
from shared.loop.decision import Refused

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
INSTANT, MINUTES, DAYS = timedelta(microseconds=1), timedelta(minutes=5), timedelta(days=30)
AGO = timedelta(days=400)
DATING = Dating(trusted_sources=frozenset({"entry"}))


def dated(role: str, source: str, off: timedelta) -> datetime | str:
    """The time that counts, or the code of the refusal."""
    command = Envelope("c1", source, "speak", NOW + off, b"", role=role)
    found = DATING.of(command, NOW)
    return found.code if isinstance(found, Refused) else found


@pytest.mark.parametrize(
    ("role", "source", "off", "counts"),
    [
        ("operator", "upstream", MINUTES, NOW),
        ("operator", "upstream", MINUTES + INSTANT, "time_ahead"),
        ("agent", "entry", MINUTES + INSTANT, "time_ahead"),
        ("operator", "upstream", -AGO, NOW - AGO),
        ("affiliate", "upstream", -DAYS, NOW - DAYS),
        ("affiliate", "upstream", -DAYS - INSTANT, "time_too_old"),
        ("affiliate", "entry", -AGO, NOW - AGO),
        ("affiliate", "upstream", INSTANT, NOW),
        ("agent", "upstream", -INSTANT, NOW),
        ("customer", "upstream", -AGO, NOW),
        ("agent", "entry", -AGO, NOW - AGO),
        ("representative", "entry", INSTANT, NOW),
    ],
)
def test_a_date_counts_as_far_as_it_is_believed(
    role: str, source: str, off: timedelta, counts: datetime | str
) -> None:
    """Nothing ahead, of an affiliate nothing older than thirty days, of people nothing at all."""
    assert counts == dated(role, source, off)
