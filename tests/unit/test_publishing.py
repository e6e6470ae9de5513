"""Commands as they are published, their answers, and the documents that they are read from."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from cli import publishing
from cli.apply_commands import put_row
from cli.command import Answer, Asker, Awaited, Command, check_service, record_of
from cli.dead_letter_commands import place_of
from cli.documents import free_command, put_command, put_commands, read_files, read_text
from cli.output import UNREACHABLE, WRONG_USAGE, CliError
from deploy.sample import generate
from shared.contracts import envelope as envelopes
from shared.contracts.affiliates import AnnounceDelivery, OpenRequest
from shared.contracts.answers import accepted_type, refused_type
from shared.contracts.campaigns import PutCampaign
from shared.contracts.event import Event
from shared.contracts.questions import PutQuestion
from shared.topics import manifest, shard_of
from tests.builders import NOW, put_affiliate, put_campaign

PAUSE = "leadops.routing.campaign.pause.v1"
SUBMIT = "leadops.intake.lead.submit.v1"
CONVERT = "leadops.intake.lead.convert.v1"
ANNOUNCE = "leadops.intake.delivery.announce.v1"
ALIAS = "leadops.intake.question.alias.v1"
SKIP = "leadops.intake.dead-letter.skip.v1"
SAMPLE = Path(generate.__file__).parent
QUESTION = {
    "kind": "question",
    "id": "q_budget",
    "text": "How much may it cost?",
    "answers": ["under 10k", "over 10k"],
    "categories": ["101"],
    "aliases": {"5k": "under 10k"},
}
DELIVERY = {
    "kind": "delivery",
    "affiliate": "acme",
    "id": "2026-03",
    "month": "2026-03",
    "lead_code": "INT-AAA-BBB-1",
    "declared": 2,
    "references": ["R-1", "R-2"],
}
REQUEST = {
    "kind": "request",
    "affiliate": "acme",
    "id": "estimate-1",
    "asks_for": "estimate",
    "text": "How many in April?",
    "rows": [],
}
AFFILIATE = {"kind": "affiliate", **put_affiliate().model_dump(mode="json")}
CAMPAIGN = {"kind": "campaign", **put_campaign().model_dump(mode="json", by_alias=True)}


def pause(id: str = "c-1", key: str | None = "north", **other: Any) -> Command:
    return Command(PAUSE, b"{}", key, id, **other)


def event(command: str, kind: str = accepted_type("routing"), **fields: Any) -> Any:
    headers = [("ce_type", kind.encode()), ("ce_id", b"e-1"), ("empty", None)]
    return headers, json.dumps({"command": command, "code": "paused", **fields}).encode()


class TestAnswers:
    def test_an_answer_is_found_by_the_id_of_its_command(self) -> None:
        awaited = Awaited([pause("c-1"), pause("c-2")])
        assert awaited.take(*event("c-1", details={"version": 2}))
        assert {"c-1": Answer("c-1", True, "paused", "", {"version": 2})} == awaited.found
        assert {"c-2"} == awaited.missing

    def test_a_refusal_is_an_answer(self) -> None:
        awaited = Awaited([pause()])
        assert awaited.take(*event("c-1", refused_type("routing"), code="dead_letter", text="why"))
        assert Answer("c-1", False, "dead_letter", "why") == awaited.found["c-1"]

    def test_the_first_answer_counts(self) -> None:
        """A service that was killed after it had decided says its answer again."""
        awaited = Awaited([pause()])
        assert awaited.take(*event("c-1", code="paused"))
        assert not awaited.take(*event("c-1", code="unchanged"))
        assert "paused" == awaited.found["c-1"].code

    @pytest.mark.parametrize(
        "record",
        [
            event("another"),
            event("c-1", "leadops.routing.lead.sent.v1"),
            event("c-1", accepted_type("intake")),
            ([], b"{}"),
            ([("ce_type", None)], b"{}"),
            ([("ce_type", accepted_type("routing").encode())], None),
            ([("ce_type", accepted_type("routing").encode())], b"forged, and no JSON"),
            ([("ce_type", accepted_type("routing").encode())], b"[]"),
            event("c-1", source="another"),
        ],
    )
    def test_other_records_are_no_answers(self, record: Any) -> None:
        awaited = Awaited([pause()])
        assert not awaited.take(*record)
        assert {"c-1"} == awaited.missing

    async def test_waiting_ends_with_what_is_missing(self) -> None:
        """Patience is for silence; the text says how many answers did not come."""

        class Silent:
            async def getmany(self, timeout_ms: int) -> dict[str, Any]:
                await asyncio.sleep(0.01)
                return {}

        async def nothing() -> None:
            return None

        awaited = Awaited([pause(f"c-{number}") for number in range(5)])
        awaited.take(*event("c-3"))
        task = asyncio.create_task(nothing())
        with pytest.raises(CliError, match="missing: 4 of 5") as error:
            await publishing._collect(Silent(), awaited, task, lambda count: None, 0.05)
        assert UNREACHABLE == error.value.exit_code


class TestRecords:
    def test_a_record_is_a_cloud_event_that_says_who_asks(self) -> None:
        record = record_of(pause(source="test"), Asker("mira"), NOW)
        read = envelopes.read(record.headers, record.value)
        assert ("c-1", "test", PAUSE, NOW) == (read.id, read.source, read.type, read.time)
        assert ("mira", "operator") == (read.actor, read.role)

    def test_each_command_starts_a_sampled_trace_of_its_own(self) -> None:
        first, second = (
            (dict(record_of(pause(), Asker("mira"), NOW).headers)["traceparent"] or b"").decode()
            for _ in range(2)
        )
        assert first != second
        assert [2, 32, 16, 2] == [len(part) for part in first.split("-")]
        assert first.endswith("-01")

    def test_a_key_lies_in_its_shard(self) -> None:
        record = record_of(pause(key="acme:R-1"), Asker("cli"), NOW)
        assert shard_of(b"acme:R-1", manifest().partitions) == record.partition
        assert b"acme:R-1" == record.key

    def test_without_a_key_the_partition_is_as_given(self) -> None:
        record = record_of(pause(key=None, partition=7), Asker("cli"), NOW)
        assert (None, 7) == (record.key, record.partition)

    @pytest.mark.parametrize("kind", ["leadops.nobody.x.v1", "nonsense", "other.intake.x.v1"])
    def test_a_type_of_no_service_is_wrong_usage(self, kind: str) -> None:
        with pytest.raises(CliError) as error:
            check_service(Command(kind, b"{}", "key"))
        assert WRONG_USAGE == error.value.exit_code

    @pytest.mark.parametrize(
        ("item", "place"),
        [
            ({"key": "north", "shard": shard_of(b"north", 12)}, {"key": "north"}),
            ({"key": "", "shard": 3}, {"key": None, "partition": 3}),
            (
                {"key": "north", "shard": (shard_of(b"north", 12) + 1) % 12},
                {"key": None, "partition": (shard_of(b"north", 12) + 1) % 12},
            ),
        ],
        ids=["with a key", "without a key", "in a foreign place"],
    )
    def test_a_dead_letter_is_resolved_where_it_lies(
        self, item: dict[str, Any], place: dict[str, Any]
    ) -> None:
        """The shard that keeps it is the only one that may decide about it."""
        assert place == place_of(item)


class TestDocuments:
    @pytest.mark.parametrize(
        "text",
        [
            "a: 1\n---\nb: 2\n",
            "- a: 1\n- b: 2\n",
            "---\na: 1\n---\n---\nb: 2\n---\n",
            '{"a": 1}\n{"b": 2}',
            '[{"a": 1}, {"b": 2}]',
            "{a: 1}\n---\n{b: 2}\n",
        ],
    )
    def test_any_number_of_documents_is_read(self, text: str) -> None:
        """YAML or JSON, one behind the other or as a list."""
        found = read_text("file", text, {})
        assert [(1, {"a": 1}), (2, {"b": 2})] == [(each.number, each.content) for each in found]

    def test_placeholders_are_replaced(self) -> None:
        [document] = read_text("file", "url: ${RECEIVER}/x ${OTHER}", {"RECEIVER": "http://r"})
        assert {"url": "http://r/x ${OTHER}"} == document.content

    @pytest.mark.parametrize("name", ["affiliates.yaml", "campaigns.yaml", "questions.yaml"])
    def test_the_sample_documents_are_commands(self, name: str) -> None:
        documents = read_files([str(SAMPLE / name)], {"RECEIVER": "http://127.0.0.1:9"})
        commands = put_commands(documents)
        assert [each.content["id"] for each in documents] == [each.key for each in commands]

    def test_a_campaign_becomes_its_put(self) -> None:
        [document] = read_text("file", json.dumps(CAMPAIGN), {})
        command = put_command(document)
        assert (PutCampaign.TYPE, "north") == (command.type, command.key)
        assert put_campaign() == PutCampaign.model_validate_json(command.data)

    @pytest.mark.parametrize(
        ("content", "kind", "key"),
        [
            (QUESTION, PutQuestion, "q_budget"),
            (DELIVERY, AnnounceDelivery, "acme:2026-03"),
            (REQUEST, OpenRequest, "acme:estimate-1"),
        ],
        ids=["question", "delivery", "request"],
    )
    def test_each_kind_becomes_its_command(
        self, content: dict[str, Any], kind: type[Event], key: str
    ) -> None:
        """With the key of its entity; what belongs to an affiliate names it there."""
        [document] = read_text("file", json.dumps(content), {})
        command = put_command(document)
        own_kind = {"kind": content["asks_for"]} if "asks_for" in content else {}
        assert (kind.TYPE, key) == (command.type, command.key)
        assert kind.model_validate(content | own_kind) == kind.model_validate_json(command.data)

    @pytest.mark.parametrize(
        ("changes", "named"),
        [
            ({"kind": "horse"}, "field kind"),
            ({"programme": "other"}, "field programme"),
            ({"send": {"mode": "webhook", "secret": "s"}}, "field send.url"),
            ({"prioriti": 3}, "unknown field prioriti"),
            ({"caps": {"total": 1, "daily": 2}}, "unknown field caps.daily"),
            ({"places": [{"country": "US", "state": 1}]}, "unknown field places.0.state"),
        ],
    )
    def test_what_is_wrong_is_named(self, changes: dict[str, Any], named: str) -> None:
        """The file, the number of the document in it, and the field."""
        text = json.dumps([AFFILIATE, CAMPAIGN | changes])
        with pytest.raises(CliError, match=f"some.yaml, document 2: .*{named}") as error:
            put_commands(read_text("some.yaml", text, {}))
        assert WRONG_USAGE == error.value.exit_code

    @pytest.mark.parametrize(
        ("content", "named"),
        [
            (AFFILIATE | {"mapping": {"fields": {"colour": "C"}}}, "field mapping.fields.colour: "),
            (
                AFFILIATE | {"mapping": {"fields": {}, "vocabularies": {"land": {"D": "DE"}}}},
                "field mapping.vocabularies.land: ",
            ),
            (AFFILIATE | {"mapping": {"fields": {}, "mandatory": ["ref"]}}, "mapping.mandatory.0"),
            (QUESTION | {"id": "q budget"}, "field id"),
            (DELIVERY | {"month": "March"}, "field month"),
            (DELIVERY | {"kind": "request", "asks_for": "money"}, "field asks_for"),
            ({name: REQUEST[name] for name in ("kind", "id", "text")}, "field asks_for: is needed"),
            (QUESTION | {"asks_for": "estimate"}, "unknown field asks_for"),
        ],
    )
    def test_a_field_is_named_by_its_path(self, content: dict[str, Any], named: str) -> None:
        """As it stands in the document, with the document's place."""
        with pytest.raises(CliError, match=f"a.yaml, document 1: .*{named}") as error:
            put_commands(read_text("a.yaml", json.dumps([content]), {}))
        assert WRONG_USAGE == error.value.exit_code

    @pytest.mark.parametrize(
        ("name", "text", "place"),
        [
            ("a.yaml", "a: 1\n---\nb:\n  email: x\n  email: y\n", r"email stands .*line 5"),
            ("a.yaml", 'a: 1\n---\nb: 2\n"b": 2\n', r"b stands twice \(line 4"),
            ("a.yaml", "a: 1\n---\n- {b: [{c: 1, c: 2}]}\n", r"c stands twice \(line 3"),
            ("a.json", '{"a": 1}\n{"b": {"email": 1, "email": 1}}', "field b.email stands twice"),
            ("a.json", '{"a": 1}\n{"b": [{}, {"c": {}, "c": 2}]}', "field b.1.c stands twice"),
            ("a.yaml", '{"a": 1}\n{"b": 1, "b": 2}', "field b stands twice"),
        ],
    )
    def test_what_stands_twice_is_refused(self, name: str, text: str, place: str) -> None:
        """Two mappings for one field are a slip, and the last must not win in silence."""
        with pytest.raises(CliError, match=f"{name}, document 2: .*{place}") as error:
            read_text(name, text, {})
        assert WRONG_USAGE == error.value.exit_code

    def test_a_key_may_be_merged_over(self) -> None:
        """YAML's own way to say the same thing twice is none."""
        text = "base: &base {a: 1, b: 1}\nmore: &more {<<: *base, b: 2}\nlast: {<<: *more, a: 3}\n"
        [document] = read_text("file", text, {})
        assert {"a": 3, "b": 2} == document.content["last"]

    def test_a_refusal_names_the_document(self) -> None:
        """What only the service sees, such as a vocabulary that leads back to itself."""
        documents = read_text("some.yaml", json.dumps([CAMPAIGN, AFFILIATE]), {})
        command = put_command(documents[1])
        text = "the vocabulary of country leads back to itself"
        answer = Answer(command.id, False, "vocabulary_cycle", text)
        assert {
            "kind": "affiliate",
            "id": "acme",
            "result": "refused",
            "version": None,
            "code": "vocabulary_cycle",
            "text": f"some.yaml, document 2: {text}",
        } == put_row(documents[1], command, answer)

    @pytest.mark.parametrize(
        ("name", "text", "kind"),
        [
            ("some.yaml", "a: 1\n---\nb: [\n", "YAML"),
            ("some.json", '{"a": 1}\n\n{"b":\n', "JSON"),
        ],
    )
    def test_text_that_cannot_be_read_is_named(self, name: str, text: str, kind: str) -> None:
        """The file, the number of the document in it, and the line."""
        with pytest.raises(CliError, match=f"{name}, document 2: not {kind}: .*line 4"):
            read_text(name, text, {})

    def test_a_file_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(CliError, match="nowhere.yaml: No such file"):
            read_files([str(tmp_path / "nowhere.yaml")], {})

    @pytest.mark.parametrize(
        ("content", "key"),
        [
            ({"type": PAUSE, "data": {"campaign": "north"}, "key": "given"}, "given"),
            ({"type": SUBMIT, "data": {"affiliate": "acme", "reference": "R-1"}}, "acme:R-1"),
            ({"type": CONVERT, "data": {"reference": "visit-1"}}, "organic:visit-1"),
            ({"type": ANNOUNCE, "data": {"affiliate": "acme", "id": "2026-03"}}, "acme:2026-03"),
            ({"type": ALIAS, "data": {"question": "q_budget", "given": "5k"}}, "q_budget"),
            ({"type": PAUSE, "data": {"campaign": "north", "reason": "x"}}, "north"),
        ],
    )
    def test_a_command_has_the_key_of_its_entity(self, content: dict[str, Any], key: str) -> None:
        [document] = read_text("file", json.dumps(content), {})
        assert key == free_command(document).key

    @pytest.mark.parametrize(
        ("content", "named"),
        [
            ({"data": {}, "key": "k"}, "field type"),
            ({"type": PAUSE, "key": "k"}, "field data"),
            ({"type": PAUSE, "data": {}}, "field key"),
            ({"type": PAUSE, "data": {"campaign": 7}}, "field key"),
            ({"type": SUBMIT, "data": {"affiliate": "acme", "reference": ""}}, "field key"),
            ({"type": SKIP, "data": {"id": "intake.commands.v1/0/0/none"}}, "field key"),
            ({"type": PAUSE, "data": {}, "key": "k", "id": 7}, "field type, id or source"),
            ({"type": PAUSE, "data": {}, "key": "k", "topic": "t"}, "unknown field topic"),
            ("text", "an object"),
        ],
    )
    def test_a_command_that_lacks_something_is_refused(self, content: Any, named: str) -> None:
        [document] = read_text("in.json", json.dumps(content), {})
        with pytest.raises(CliError, match=f"in.json, document 1: .*{named}"):
            free_command(document)
