"""Documents of every collection, as they lay in a store when its language was settled, and others
behind them as they lie there since fields were added: all are read for ever."""

from pathlib import Path
from typing import Any

import pytest
from bson import json_util
from pydantic_core import from_json

from services.intake import store as intake
from services.routing import store as routing
from shared.loop.collection import Collection
from shared.mongo import decode, encode
from shared.store import Document
from tests.contract.test_golden import contained

GOLDEN = Path(__file__).parent / "golden_documents"
SET_BY_SAVING = ("_id", "version", "revision")

COLLECTIONS: dict[str, Collection[Any]] = {
    f"{service}.{kept.name}": kept
    for service, module in (("intake", intake), ("routing", routing))
    for kept in vars(module).values()
    if isinstance(kept, Collection)
}
DOCUMENTS = [
    pytest.param(name, row, id=f"{name} {number}")
    for name in sorted(COLLECTIONS)
    for number, row in enumerate(json_util.loads((GOLDEN / f"{name}.json").read_text()))
]


def test_every_collection_has_a_golden_document() -> None:
    assert sorted(COLLECTIONS) == sorted(path.stem for path in GOLDEN.glob("*.json"))


@pytest.mark.parametrize(("name", "row"), DOCUMENTS)
def test_what_was_stored_is_read_and_nothing_of_it_is_lost(name: str, row: Document) -> None:
    """What is written again has what was added since besides, and is of today's schema."""
    stored = decode(encode(row))
    written = written_again(name, stored)
    assert written["schema"] >= stored["schema"]
    assert contained(opened(stored | {"schema": written["schema"]}), opened(written))


def test_who_was_suspended_before_there_were_sources_was_so_by_an_operator() -> None:
    then = json_util.loads((GOLDEN / "routing.accounts.json").read_text())[0]
    restored = then | {"is_suspended": False}
    accounts = [routing.ACCOUNTS.from_document(decode(encode(row))) for row in (then, restored)]
    assert [{"operator": "simulated"}, {}] == [account.suspended_by for account in accounts]


@pytest.mark.parametrize("name", sorted(COLLECTIONS))
def test_what_is_written_today_is_kept_as_well(name: str) -> None:
    """The last document of each collection has every field that there is."""
    stored = decode(encode(json_util.loads((GOLDEN / f"{name}.json").read_text())[-1]))
    assert stored == written_again(name, stored)


def written_again(name: str, stored: Document) -> Document:
    collection = COLLECTIONS[name]
    written = collection.to_document(collection.from_document(stored))
    kept = {field: stored[field] for field in SET_BY_SAVING if field in stored}
    return decode(encode({**written, **kept}))


def opened(document: Document) -> Document:
    """What lies there as JSON text, as its values."""
    texts = {name: text for name, text in document.items() if isinstance(text, str)}
    return document | {name: from_json(text) for name, text in texts.items() if text[:1] == "{"}
