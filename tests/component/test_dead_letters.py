"""Dead letters, and what waits behind them."""

import gc

import pytest

from shared.errors import Poison
from tests.component.world import BROKEN, COMMANDS, Speak, Town


async def test_an_id_used_for_another_payload_is_refused_and_dead_lettered(town: Town) -> None:
    """Nothing is silently dropped: the second payload is kept."""
    town.ask("hello", id="same")
    town.ask("other", id="same")
    await town.rest()
    assert ["hello"] == town.words()
    assert [("same", "accepted"), ("same", "id_reused")] == town.answer_codes()
    assert ["id_reused"] == [row["code"] for row in town.stored("dead_letters")]


async def test_what_is_dead_lettered_goes_with_its_step(town: Town) -> None:
    """No circle holds on to it: its megabytes would stay until circles are looked for."""
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        town.ask("never", mood="poison")
        town.publish(COMMANDS, Speak.TYPE, "ann", b"")
        await town.rest()
        gc.collect()
        assert 2 == len(town.stored("dead_letters"))
        assert [] == [one for one in gc.garbage if isinstance(one, Poison)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


@pytest.mark.rule("OPS-02")
async def test_a_dead_letter_is_replayed_with_a_corrected_value(town: Town) -> None:
    """Replaying decides it inside the service; a replay that fails again leaves it where it is."""
    town.ask("never", mood="poison")
    await town.rest()
    (kept,) = town.stored("dead_letters")
    town.operate("replay", id=kept["_id"])
    await town.rest()
    assert ("c2", "still_fails") in town.answer_codes()
    town.operate("replay", id=kept["_id"], value=Speak(word="mended").model_dump_json())
    await town.rest()
    assert ["mended"] == town.words()
    assert ["replayed"] == [row["state"] for row in town.stored("dead_letters")]


@pytest.mark.rule("OPS-02")
async def test_later_records_of_a_key_wait_in_order_behind_one_dead_lettered(town: Town) -> None:
    """Where order matters its key is blocked, other keys go on; replaying frees them in order."""
    BROKEN.add("second")
    for word in ("first", "second", "third", "fourth"):
        town.follow(word)
    town.follow("elsewhere", key="bob")
    await town.rest()
    assert {"first", "elsewhere"} == set(town.words())
    await town.restart()
    town.follow("fifth")
    await town.rest()
    assert ["dead"] + ["waiting"] * 3 == sorted(row["state"] for row in town.stored("dead_letters"))
    BROKEN.clear()
    (head,) = [row for row in town.stored("dead_letters") if row["state"] == "dead"]
    town.operate("replay", id=head["_id"])
    town.follow("sixth")
    await town.rest()
    ann = [word for word in town.words() if word != "elsewhere"]
    assert ["first", "second", "third", "fourth", "fifth", "sixth"] == ann


@pytest.mark.parametrize("how", ["skip", "replay"])
async def test_much_that_waits_behind_a_record_is_decided_in_order_bit_by_bit(
    town: Town, how: str
) -> None:
    """Also across restarts; what comes meanwhile waits its turn, and a new head stops it again."""
    words = [f"w{number:03}" for number in range(350)]
    BROKEN.update({words[0], words[230]})
    for word in words:
        town.follow(word)
    await town.rest()
    if how == "replay":
        BROKEN.discard(words[0])
    (head,) = [row for row in town.stored("dead_letters") if row["state"] == "dead"]
    town.operate(how, id=head["_id"], reason="given up")
    await town.for_seconds(1)
    await town.restart()
    town.follow("later")
    await town.rest()
    first = words[1:] if how == "skip" else words
    # What was published before the restart may stand twice, under one number.
    assert first[: first.index(words[230])] == list(dict.fromkeys(town.words()))
    BROKEN.clear()
    (head,) = [row for row in town.stored("dead_letters") if row["state"] == "dead"]
    town.operate("replay", id=head["_id"])
    town.follow("last")
    await town.rest()
    assert [*first, "later", "last"] == list(dict.fromkeys(town.words()))
    assert [{}, {}] == [shard.blocked for shard in town.loop.shards.values()]


async def test_tenants_do_not_wait_behind_each_other(town: Town) -> None:
    """The same key of another tenant is another key."""
    BROKEN.add("second")
    town.follow("second")
    town.follow("third")
    town.follow("theirs", tenant="other")
    await town.rest()
    assert ["theirs"] == town.words()
    await town.restart()
    town.follow("theirs too", tenant="other")
    await town.rest()
    assert ["theirs", "theirs too"] == town.words()


async def test_what_no_message_can_hold_becomes_a_dead_letter_and_not_tried_for_ever(
    town: Town,
) -> None:
    """Once committed it could never be published, and its shard would never open again."""
    town.ask("oh", mood="endless")
    town.ask("hello")
    await town.rest()
    assert ["hello"] == town.words()
    assert ["event_too_large"] == [row["code"] for row in town.stored("dead_letters")]
    (speaker,) = town.stored("speakers")
    assert len(str(speaker)) < 1000


async def test_one_bad_record_is_found_by_halving(town: Town) -> None:
    """An error that nobody expected costs that record alone."""
    BROKEN.add("w7")
    for number in range(20):
        town.ask(f"w{number}")
    await town.rest()
    assert {f"w{number}" for number in range(20)} - {"w7"} == set(town.words())
    (kept,) = town.stored("dead_letters")
    assert "unexpected" == kept["code"]
    assert "ZeroDivisionError" in kept["text"]
    assert "w7" not in kept["text"]
