"""How the replicas of a service share its shards out among themselves."""

from collections.abc import Mapping

from aiokafka.cluster import ClusterMetadata
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.coordinator.protocol import (
    ConsumerProtocolMemberAssignment,
    ConsumerProtocolMemberMetadata,
)


class ShardAssignor(RangePartitionAssignor):  # type: ignore[misc]
    """Gives whoever gets a partition number that partition of every topic.

    The client's own shares each topic out by itself. That is the same as long as all topics have as
    many partitions; but once somebody has added some to one of them, the owner of a shard would not
    get all of its topics, and what lies in the others would be read by nobody. It keeps the name of
    the client's own, so that replicas of an earlier version are in one group with it.
    """

    @classmethod
    def assign(
        cls, cluster: ClusterMetadata, members: Mapping[str, ConsumerProtocolMemberMetadata]
    ) -> dict[str, ConsumerProtocolMemberAssignment]:
        topics = sorted({topic for one in members.values() for topic in one.subscription})
        partitions = {topic: cluster.partitions_for_topic(topic) or set() for topic in topics}
        numbers = sorted(set().union(*partitions.values()))
        return {
            member: ConsumerProtocolMemberAssignment(
                cls.version,
                [(topic, sorted(partitions[topic].intersection(share))) for topic in topics],
                b"",
            )
            for member, share in _shares(sorted(members), numbers).items()
        }


def _shares(members: list[str], numbers: list[int]) -> dict[str, list[int]]:
    """Runs of numbers; the first members have one more where they don't divide evenly."""
    least, more = divmod(len(numbers), len(members))
    shares, start = {}, 0
    for place, member in enumerate(members):
        end = start + least + (place < more)
        shares[member] = numbers[start:end]
        start = end
    return shares
