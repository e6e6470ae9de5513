"""Makes the broker's topics what the manifest says, and tells where they differ.

Run as `python -m deploy.topics` it is the one-shot job that services wait for. Partition counts are
never changed here: another count would give every key another home.
"""

import asyncio
import os
import sys
from dataclasses import asdict, dataclass

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from shared.contracts.bounds import RECORD_BYTES_MAX
from shared.topics import Topic, manifest


@dataclass(frozen=True, slots=True)
class TopicState:
    name: str
    owner: str
    partitions: int
    differences: list[str]


def config_of(topic: Topic) -> dict[str, str]:
    return {
        "cleanup.policy": "compact" if topic.compacted else "delete",
        "retention.ms": str(topic.retention_ms),
        "max.message.bytes": str(RECORD_BYTES_MAX),
        # Business time travels in ce_time; foreign timestamps would confuse retention.
        "message.timestamp.type": "LogAppendTime",
    }


async def ensure(address: str) -> list[TopicState]:
    """Creates what is missing; idempotent. A new topic takes a moment to be seen."""
    admin = await connect(address)
    try:
        await create_missing(admin)
        for _ in range(100):
            states = await compare(admin)
            if all(state.partitions for state in states):
                break
            await asyncio.sleep(0.1)
        return states
    finally:
        await admin.close()


async def verify(address: str) -> list[TopicState]:
    admin = await connect(address)
    try:
        return await compare(admin)
    finally:
        await admin.close()


async def connect(address: str) -> AIOKafkaAdminClient:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    return admin


async def create_missing(admin: AIOKafkaAdminClient) -> None:
    replication = int(os.environ.get("LEADOPS_REPLICATION", "1"))
    present = set(await admin.list_topics())
    missing = [topic for topic in manifest().topics.values() if topic.name not in present]
    if not missing:
        return
    response = await admin.create_topics(
        [
            NewTopic(topic.name, manifest().partitions, replication, topic_configs=config_of(topic))
            for topic in missing
        ]
    )
    for name, code, text in response.topic_errors:
        if code and for_code(code) is not TopicAlreadyExistsError:
            raise RuntimeError(f"topic {name} was not created: {text or for_code(code).__name__}")


async def compare(admin: AIOKafkaAdminClient) -> list[TopicState]:
    topics = list(manifest().topics.values())
    described = await admin.describe_topics([topic.name for topic in topics])
    partitions = {row["topic"]: len(row["partitions"]) for row in described}
    configs = await read_configs(admin, [name for name, count in partitions.items() if count])
    return [state_of(topic, partitions.get(topic.name, 0), configs) for topic in topics]


async def read_configs(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, dict[str, str]]:
    if not names:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    responses = await admin.describe_configs(resources)
    rows = [row for response in responses for row in response.resources]
    return {row[3]: {entry[0]: entry[1] for entry in row[4]} for row in rows}


def state_of(topic: Topic, partitions: int, configs: dict[str, dict[str, str]]) -> TopicState:
    if not partitions:
        return TopicState(topic.name, topic.owner, 0, ["missing"])
    actual = configs.get(topic.name, {})
    differences = [
        f"{key} is {actual.get(key)}, not {value}"
        for key, value in config_of(topic).items()
        if actual.get(key) != value
    ]
    if partitions != manifest().partitions:
        differences.append(f"{partitions} partitions, not {manifest().partitions}")
    return TopicState(topic.name, topic.owner, partitions, differences)


def main() -> int:
    states = asyncio.run(ensure(os.environ.get("LEADOPS_KAFKA", "127.0.0.1:9092")))
    wrong = [asdict(state) for state in states if state.differences]
    print(f"{len(states)} topics, {len(wrong)} differ {wrong or ''}".strip(), file=sys.stderr)  # noqa: T201
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
