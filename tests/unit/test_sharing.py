"""Whoever gets a partition number gets it of every topic, however many partitions each has."""

from types import SimpleNamespace
from typing import Any

import pytest

from shared.loop.sharing import ShardAssignor

COMMANDS, CLAIMS = "routing.commands.v1", "routing.claims.v1"
Shares = dict[str, dict[str, list[int]]]


def shares(replicas: int, **partitions: int) -> Shares:
    """What each replica gets, by topic; the topics are named by their middle word."""
    found = {f"routing.{word}.v1": set(range(count)) for word, count in partitions.items()}
    cluster: Any = SimpleNamespace(partitions_for_topic=found.get)
    subscription = ShardAssignor.metadata([COMMANDS, CLAIMS])
    members = {f"replica-{number}": subscription for number in range(replicas)}
    return {
        member: dict(share.assignment)
        for member, share in ShardAssignor.assign(cluster, members).items()
    }


@pytest.mark.parametrize("replicas", [1, 2, 3, 5, 12, 13])
@pytest.mark.parametrize("added", [0, 1, 5])
def test_no_partition_of_a_shard_goes_to_another_replica(replicas: int, added: int) -> None:
    """Also where somebody added partitions to one topic alone."""
    found = shares(replicas, commands=12 + added, claims=12)
    owners = {number: who for who, share in found.items() for number in share[COMMANDS]}
    assert set(range(12 + added)) == owners.keys()
    assert {number: owners[number] for number in range(12)} == {
        number: who for who, share in found.items() for number in share[CLAIMS]
    }


def test_twelve_divide_as_the_clients_own_assignor_divides_them() -> None:
    """So replicas of an earlier version and of this one agree, whoever of them leads."""
    found = shares(5, commands=12, claims=12)
    sizes = [len(found[f"replica-{number}"][COMMANDS]) for number in range(5)]
    assert [3, 3, 2, 2, 2] == sizes
    assert [0, 1, 2] == found["replica-0"][CLAIMS]


def test_a_topic_that_is_not_there_costs_no_other_its_share() -> None:
    found = shares(2, commands=12)
    assert [[], []] == [share[CLAIMS] for share in found.values()]
    assert 12 == sum(len(share[COMMANDS]) for share in found.values())
