"""Documents of every collection, as they lay in a store when its language was settled: they are
read for ever, and what is written is the same."""

from pathlib import Path
from typing import Any

import pytest
from bson import json_util

from services.intake import store as intake
from services.routing import store as routing
from shared.loop.collection import Collection
from shared.mongo import decode, encode
from shared.store import Document

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
def test_what_was_stored_is_read_and_written_as_it_was(name: str, row: Document) -> None:
    stored = decode(encode(row))
    collection = COLLECTIONS[name]
    written = collection.to_document(collection.from_document(stored))
    kept = {field: stored[field] for field in SET_BY_SAVING if field in stored}
    assert stored == decode(encode({**written, **kept}))
