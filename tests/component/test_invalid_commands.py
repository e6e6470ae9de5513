"""Commands whose data is not as their type asks for: refused, and told all that is wrong."""

import json
from typing import Any

import pytest

from shared.contracts.forms import FAULTS_MAX
from shared.store import Document
from tests.builders import put_affiliate, put_campaign
from tests.component.leads import Platform
from tests.component.world import COMMANDS, Speak, Town
from tests.simulation.lead_path import BUILDS

SECRET = "jane.doe@secret.example"
CAMPAIGN = put_campaign().model_dump(mode="json")
AFFILIATE = put_affiliate().model_dump(mode="json")


def answered(town: Town) -> list[Document]:
    """The data of all answers, in order."""
    return [record.data() for record in town.records() if ".command." in record.type]


@pytest.mark.rule("OPS-06")
async def test_all_that_is_wrong_is_told_and_nothing_is_kept(town: Town) -> None:
    """With code, text and every field; the records around it, of its key too, go on."""
    town.ask("before")
    town.publish(COMMANDS, Speak.TYPE, "ann", b'{"word": 7, "mood": []}')
    town.ask("after")
    await town.rest()
    (refused,) = [one for one in answered(town) if one["code"] != "accepted"]
    text = "word: must be a text; mood: must be a text"
    assert ("c2", "invalid", text) == (refused["command"], refused["code"], refused["text"])
    assert {
        "field": "word",
        "faults": [
            {"code": "wrong_type", "field": "word", "text": "word: must be a text"},
            {"code": "wrong_type", "field": "mood", "text": "mood: must be a text"},
        ],
    } == refused["details"]
    assert (["before", "after"], []) == (town.words(), town.stored("dead_letters"))


@pytest.mark.rule("OPS-06")
async def test_the_same_again_gets_the_same_answer(town: Town) -> None:
    """It is kept with its answer like any other refusal; another payload under its id is refused
    and dead-lettered, also one that would be right."""
    for value in (b"{}", b"{}", b'{"word": "mended"}'):
        town.publish(COMMANDS, Speak.TYPE, "ann", value, id="same")
        await town.restart()
    first, second, other = answered(town)
    assert first["details"] | {"repeated": True} == second["details"]
    assert ["invalid", "invalid", "id_reused"] == [one["code"] for one in (first, second, other)]
    (kept,) = [row for row in town.stored("inbox") if row["_id"].endswith("same")]
    assert (False, "invalid", first["details"]) == (
        kept["accepted"],
        kept["code"],
        kept["details"],
    )
    assert [] == town.words()
    assert ["id_reused"] == [row["code"] for row in town.stored("dead_letters")]


@pytest.mark.rule("OPS-07")
async def test_who_may_not_ask_is_told_nothing_of_the_data(town: Town) -> None:
    """The negative twin is an operator, who is told."""
    for role in ("stranger", "operator"):
        town.publish(COMMANDS, Speak.TYPE, "ann", b"{}", role=role)
    await town.rest()
    assert ["not_permitted", "invalid"] == [one["code"] for one in answered(town)]
    assert [{}, "word"] == [one["details"].get("field", {}) for one in answered(town)]


async def test_a_replay_or_a_skip_is_refused_like_any_other(town: Town) -> None:
    """These are the loop's own commands."""
    for what in ("replay", "skip"):
        town.publish(COMMANDS, f"leadops.routing.dead-letter.{what}.v1", "ann", b'{"id": ""}')
    await town.rest()
    assert ["invalid"] * 2 == [one["code"] for one in answered(town)]
    assert ["id"] * 2 == [one["details"]["field"] for one in answered(town)]


@pytest.mark.parametrize("value", [b'{"word": ["' + b"x" * 10 + b'"]}', b"[]", b"no JSON"])
async def test_a_correction_that_is_wrong_leaves_the_record_where_it_is(
    town: Town, value: bytes
) -> None:
    """Whoever corrected it made a slip, and its sender need not hear of that; the next one is
    decided."""
    town.publish(COMMANDS, Speak.TYPE, "ann", b"cut short")
    await town.rest()
    (kept,) = town.stored("dead_letters")
    town.operate("replay", id=kept["_id"], value=value.decode())
    await town.rest()
    assert ("c2", "still_fails") == town.answer_codes()[-1]
    town.operate("replay", id=kept["_id"], value='{"word": "right"}')
    await town.rest()
    assert (["right"], ["replayed"]) == (
        town.words(),
        [row["state"] for row in town.stored("dead_letters")],
    )


NUMBERS: Any = [*range(100_000)]
HUGE: dict[str, tuple[str, Any]] = {
    "a long list": ("routing.campaign.put", CAMPAIGN | {"lead_codes": NUMBERS}),
    "the end of a long list": (
        "routing.campaign.put",
        CAMPAIGN | {"lead_codes": ["A"] * 100 + NUMBERS},
    ),
    "a long mapping": (
        "intake.lead.release",
        {"affiliate": "a", "reference": "r", "answers": {f"\x01 {n}": n for n in NUMBERS[:30_000]}},
    ),
    "control characters": (
        "routing.list.edit",
        {"list": "\x01" * 150_000, "add": ["\x01"], "reason": ""},
    ),
    "many objects": ("routing.campaign.put", CAMPAIGN | {"places": [{}] * 100_000}),
}


@pytest.mark.parametrize("name", HUGE)
async def test_however_much_is_wrong_the_answer_is_small(platform: Platform, name: str) -> None:
    """Measured as it is published: a shard whose answer no broker takes could never go on."""
    kind, data = HUGE[name]
    answer = await platform.ask(kind, "key", data)
    assert "invalid" == answer["code"]
    assert len(answer["details"]["faults"]) <= FAULTS_MAX
    published = [
        len(row.value or b"")
        for place, rows in platform.world.broker.records.items()
        for row in rows
        if place[0].endswith(".events.v1")
    ]
    assert max(published) < 20_000
    assert "accepted" == (await platform.submit("R-9"))["code"]


SPOILED: list[tuple[str, str, Any]] = [
    ("intake.lead.submit", "record", {"affiliate": "a", "reference": "r", "record": SECRET}),
    ("intake.lead.submit", "reference", {"affiliate": "a", "reference": [SECRET], "record": {}}),
    ("intake.affiliate.put", "contacts.0.roles.0", AFFILIATE | {
        "contacts": [{"name": "n", "email": SECRET, "roles": [SECRET]}]
    }),
    ("intake.affiliate.put", "mapping.fields.*", AFFILIATE | {
        "mapping": {"fields": {"email": "e", SECRET: SECRET}}
    }),
    ("intake.affiliate.put", "mapping.vocabularies.*.*", AFFILIATE | {
        "mapping": {"fields": {"email": "e"}, "vocabularies": {"country": {SECRET: 7}}}
    }),
    ("routing.campaign.put", "send", CAMPAIGN | {"send": {"mode": SECRET}}),
    ("routing.campaign.put", "send.to", CAMPAIGN | {
        "send": {"mode": "email", "to": f"{SECRET},{SECRET}"}
    }),
    ("routing.campaign.put", "smarter.allowed.*.0", CAMPAIGN | {
        "smarter": {"allowed": {"email": [7]}}
    }),
    ("routing.campaign.put", "time_zone", CAMPAIGN | {"time_zone": SECRET}),
    ("routing.person.block", "person_id", {"person_id": f" {SECRET}", "reason": "r"}),
]  # fmt: skip


@pytest.mark.rule("OPS-05")
@pytest.mark.parametrize(("kind", "field", "data"), SPOILED)
async def test_a_refusal_names_fields_and_never_values(
    platform: Platform, kind: str, field: str, data: Any
) -> None:
    """Neither does what is kept of it; nor are keys of mappings named, which senders choose."""
    answer = await platform.ask(kind, "key", data)
    assert field == answer["details"]["field"]
    kept = [platform.stored("inbox", service) for service in BUILDS]
    assert SECRET not in json.dumps([answer, kept], default=str)


@pytest.mark.parametrize(
    ("kind", "key", "data", "code"),
    [
        ("routing.campaign.put", "north", CAMPAIGN | {"time_zone": "Mars"}, "time_zone_unknown"),
        (
            "intake.affiliate.put",
            "acme",
            AFFILIATE | {"mapping": {"fields": {"email": "e"}, "time_zone": "Mars"}},
            "time_zone_unknown",
        ),
        ("routing.campaign.put", "north", CAMPAIGN | {"time_zone": "Mars", "id": ""}, "invalid"),
        ("routing.campaign.put", "north", CAMPAIGN | {"time_zone": 7}, "invalid"),
    ],
)
async def test_a_field_may_declare_its_code(
    platform: Platform, kind: str, key: str, data: Any, code: str
) -> None:
    """It is the answer's, unless something else is wrong too."""
    answer = await platform.ask(kind, key, data)
    assert (False, code) == (answer["accepted"], answer["code"])
