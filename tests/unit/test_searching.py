"""How far a page of leads looks (INT-11)."""

from datetime import datetime
from unittest.mock import patch

import pytest

from services.intake.queries import searching
from services.intake.queries.searching import Search
from services.intake.store import LEADS
from shared.mongo import encode
from shared.testing.memory import MemoryDatabase, MemoryStore

NOW = datetime(2026, 3, 2, 8, 1)
MOST_TELLING = (
    *("person_id", "delivery", "held_for", "sent_to", "lead_code", "reason_codes"),
    *("upload.outcome", "affiliate", "source", "is_sent"),
)


@pytest.mark.parametrize("at", range(len(MOST_TELLING) + 1))
def test_the_store_is_asked_for_what_the_fewest_leads_have(at: int) -> None:
    """Of all that is wanted, the one value that leaves least to be compared; never without the
    tenant."""
    where = dict.fromkeys(reversed(MOST_TELLING[at:]), "x") | {"tenant": "main"}
    telling = dict.fromkeys(MOST_TELLING[at : at + 1], "x")
    assert {"tenant": "main", **telling} == Search(where).index_filter


async def test_a_page_ends_short_when_it_has_looked_at_enough() -> None:
    """And says where to go on, so that what is further back is found."""
    database = MemoryDatabase()
    database.committed[LEADS.name] = {
        number: encode(
            {
                "_id": number,
                "tenant": "main",
                "affiliate": "acme",
                "source": "organic" if number == 1 else "affiliate",
                "order": f"2026-03-02T08:00:0{number}.000000/{number}",
            }
        )
        for number in range(1, 9)
    }
    store = MemoryStore(database)
    where = {"tenant": "main", "affiliate": "acme", "source": "organic"}
    with patch.multiple(searching, EXAMINED_MAX=5, COMPARED_AT_FIRST=3):
        rows, following = await searching.page(store, Search(where, now=NOW), 10)
        assert ([], "2026-03-02T08:00:04.000000/4") == (rows, following)
        rows, following = await searching.page(store, Search(where, before=following, now=NOW), 10)
    assert ([1], None) == ([row["_id"] for row in rows], following)
