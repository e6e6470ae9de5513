"""What a broker is told of each topic of the manifest."""

from deploy.topics import config_of, state_of
from shared.topics import Topic, manifest


def test_no_record_is_as_old_as_its_sender_says() -> None:
    """Who dates records by the fact would have those of a month ago taken away before they are
    read, and those of next year kept until then."""
    for topic in manifest().topics.values():
        assert "LogAppendTime" == config_of(topic)["message.timestamp.type"]


def test_a_topic_that_believes_senders_is_told() -> None:
    topic = Topic("x.events.v1", "x", "x")
    kept = {**config_of(topic), "message.timestamp.type": "CreateTime"}
    state = state_of(topic, manifest().partitions, {"x.events.v1": kept})
    assert ["message.timestamp.type is CreateTime, not LogAppendTime"] == state.differences


def test_what_is_compacted_is_kept_by_key() -> None:
    topic = Topic("x.states.v1", "x", "tenant/x", compacted=True)
    assert "compact" == config_of(topic)["cleanup.policy"]
