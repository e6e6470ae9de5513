"""What a real stack left behind, as the oracle wants it: topics, stored documents, received lines.

The services' databases are read directly here, as nobody but a test may: the oracle must not have
to trust what a service says of itself.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

from bson.codec_options import CodecOptions
from pymongo import MongoClient

from cli.oracle.evidence import Document, Evidence, Violation
from cli.stack_records import all_records, received_requests
from shared.topics import manifest
from tests import stored
from tests.stored import SERVICES

TOLD = ("log", "spans.jsonl")
"""Where services tell what they do, and no person must be named."""


async def gather(
    found: Mapping[str, Any], left: str = "", personal: Sequence[str] = ()
) -> Evidence:
    topics = [name for name in manifest().topics if name.split(".")[0] in SERVICES]
    records = await all_records(found["kafka"], topics)
    stores = {name: documents(found["mongo"], name) for name in SERVICES}
    lines = received_requests(Path(found["var"]) / "received.jsonl")
    return stored.evidence(records, stores, lines, drained=left, personal=personal)


def documents(url: str, service: str, only: Sequence[str] = ()) -> dict[str, list[Document]]:
    """All collections of a service's database, or some."""
    client: MongoClient[Document] = MongoClient(url, serverSelectionTimeoutMS=2000)
    try:
        options = CodecOptions[Document](tz_aware=True, tzinfo=UTC)
        database = client.get_database(f"leadops_{service}", codec_options=options)
        names = only or database.list_collection_names()
        return {name: list(database[name].find()) for name in names}
    finally:
        client.close()


def personal_data_outside(var: Path, personal: Iterable[str]) -> Iterator[Violation]:
    """I10 for what only real processes have: their logs and their spans."""
    needles = [text.lower() for text in personal]
    for path in logs_and_spans(var):
        with path.open(encoding="utf-8", errors="replace") as rows:
            for number, row in enumerate(rows, start=1):
                if any(needle in row.lower() for needle in needles):
                    yield Violation("I10", f"{path.name}:{number} names a person")


def logs_and_spans(var: Path) -> Iterator[Path]:
    for name in TOLD:
        path = var / name
        yield from sorted(path.iterdir()) if path.is_dir() else [path] * path.exists()
