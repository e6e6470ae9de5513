"""Topics that only a test has, beside those of the manifest."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ruamel.yaml import YAML

from shared import topics


@contextmanager
def topics_beside(rows: Sequence[dict[str, Any]]) -> Iterator[None]:
    manifest = YAML(typ="safe", pure=True).load(topics.MANIFEST)
    manifest["topics"] += rows
    before = topics.MANIFEST
    with TemporaryDirectory() as folder:
        topics.MANIFEST = Path(folder) / "topics.yaml"
        with topics.MANIFEST.open("w") as file:
            YAML().dump(manifest, file)
        topics.manifest.cache_clear()
        try:
            yield
        finally:
            topics.MANIFEST = before
            topics.manifest.cache_clear()
