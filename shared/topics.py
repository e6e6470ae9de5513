"""The topics manifest as data: names, owners, retention, and the number of shards.

A key always lies in partition murmur2(key) mod P, and that partition number is the shard that owns
the key. P is fixed for the life of an installation; changing it would give keys two owners.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from aiokafka.partitioner import murmur2
from ruamel.yaml import YAML

MANIFEST = Path(__file__).parent.parent / "deploy" / "topics.yaml"


@dataclass(frozen=True, slots=True)
class Topic:
    name: str
    owner: str
    key: str
    retention_days: int | None = 30
    ordered: bool = False
    compacted: bool = False
    """Keeps the last record of each key, whose `version` tells old from new: a record may be gone,
    so numbers say nothing there. Its keys begin with the tenant, since none may overwrite
    another's."""
    open: bool = False

    def __post_init__(self) -> None:
        if self.compacted and (self.ordered or self.open):
            raise ValueError(f"{self.name}: what is compacted is neither ordered nor open")

    @property
    def retention_ms(self) -> int:
        return -1 if self.retention_days is None else self.retention_days * 86_400_000


@dataclass(frozen=True, slots=True)
class Manifest:
    partitions: int
    topics: dict[str, Topic]

    def is_ordered(self, topic: str) -> bool:
        """Whether later records of a key must wait behind one that could not be processed."""
        return topic in self.topics and self.topics[topic].ordered

    def is_compacted(self, topic: str) -> bool:
        """Whether records may be missing for good, each replaced by a later one of its key."""
        return topic in self.topics and self.topics[topic].compacted

    def is_open(self, topic: str) -> bool:
        """Whether anybody may write there, so that stream numbers mean nothing."""
        return topic in self.topics and self.topics[topic].open


@cache
def manifest() -> Manifest:
    raw = YAML(typ="safe", pure=True).load(MANIFEST)
    topics = [Topic(**row) for row in raw["topics"]]
    return Manifest(raw["partitions"], {topic.name: topic for topic in topics})


@lru_cache(maxsize=10_000)
def shard_of(key: bytes, partitions: int) -> int:
    """The home of a key: Kafka's murmur2 partitioner, so that foreign Java clients agree."""
    return int(murmur2(key) & 0x7FFFFFFF) % partitions
