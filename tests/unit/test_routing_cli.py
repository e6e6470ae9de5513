"""Operators' commands for routing, as far as they need no stack: documents, files of companies, and
what is shown of the answers."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cli import campaign_commands, explain_commands, linting, list_parts, preview_commands
from cli.apply_commands import (
    in_order,
    put_in_order,
    put_row,
    show_faults,
    with_commands,
    without_faults,
)
from cli.command import Answer, Command
from cli.documents import PREVIEWED, command_of, free_command, put_commands, read_text
from cli.list_commands import bad_lines, instant
from cli.list_files import BadLine, Line
from cli.list_parts import BUCKETS, ONE_PART_MAX, fold, parts_of, put_long, put_parts
from cli.main import run
from cli.output import CHECK_FAILED, UNREACHABLE, WRONG_USAGE, CliError, UnknownId
from cli.send_commands import send_rows
from services.routing.orders import lists
from shared.companies.nobody import NEITHER
from shared.contracts import event as contracts
from shared.contracts.campaigns import PauseCampaign, PutCampaign
from shared.contracts.lists import (
    LIST_ENTRIES_MAX,
    PART_ENTRIES_MAX,
    BlockPerson,
    EditList,
    PutList,
    PutListPart,
    PutRules,
    RestoreAccount,
    SuspendAccount,
    UnblockPerson,
)
from shared.contracts.questions import AddAlias
from shared.contracts.routing import ResolveSend, SendLead
from shared.loop.decision import Accepted
from tests.builders import NOW, cause, put_campaign

RULES = {"kind": "rules", "categories": ["101"], "suppressed_titles": {"phrases": ["student"]}}
LIST = {"kind": "list", "id": "rivals", "entries": ["acme.example", "Beta Ltd"]}
CAMPAIGN = {"kind": "campaign", **put_campaign().model_dump(mode="json", by_alias=True)}
REQUEST = {
    "kind": "request",
    "affiliate": "acme",
    "id": "estimate-1",
    "asks_for": "estimate",
    "text": "How many in April?",
}
ALIAS = {"kind": "alias", "question": "q_budget", "given": "5k", "answer": "under 10k"}
QUESTION = {"id": "q_budget", "answers": ["under 10k", "over 10k"], "aliases": []}


class Service:
    """Answers parts and lists as routing does, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Command] = []

    def __call__(self, commands: Sequence[Command]) -> dict[str, Answer]:
        self.asked += commands
        return {command.id: self.answer(command) for command in commands}

    def answer(self, command: Command) -> Answer:
        if command.type != PutListPart.TYPE:
            return Answer(command.id, True, "created", "", {"version": 1})
        part = PutListPart.model_validate_json(command.data)
        given = lists.put_part(part, None, cause()).answer
        assert given is not None
        accepted = isinstance(given, Accepted)
        return Answer(command.id, accepted, given.code, given.text, dict(given.details))

    def last(self, kind: type[contracts.Command]) -> Any:
        found = [command for command in self.asked if command.type == kind.TYPE]
        return kind.model_validate_json(found[-1].data)


def refuse(commands: Sequence[Command]) -> dict[str, Answer]:
    return {command.id: Answer(command.id, False, "not_permitted", "no") for command in commands}


def domains(count: int, at: str = "example") -> list[str]:
    return [f"company-{number}.{at}" for number in range(count)]


class TestDocuments:
    @pytest.mark.parametrize(
        ("content", "kind", "key"),
        [(RULES, PutRules, "house"), (LIST, PutList, "rivals"), (ALIAS, AddAlias, "q_budget")],
        ids=["rules", "list", "alias"],
    )
    def test_a_document_becomes_its_command(
        self, content: dict[str, Any], kind: type[contracts.Command], key: str
    ) -> None:
        """With the key of their entity; of rules there is one, so they need no id."""
        [command] = put_commands(read_text("file", json.dumps(content), {}))
        assert (kind.TYPE, key) == (command.type, command.key)
        assert kind.model_validate(content) == kind.model_validate_json(command.data)

    def test_a_list_may_have_more_entries_than_a_command(self) -> None:
        content = LIST | {"entries": domains(PART_ENTRIES_MAX + 1)}
        [command] = put_commands(read_text("file", json.dumps(content), {}))
        assert list_parts.is_long(command)

    @pytest.mark.parametrize(
        ("content", "named"),
        [
            (LIST | {"entries": domains(LIST_ENTRIES_MAX + 1)}, "field entries: .*at most 100,000"),
            (LIST | {"entries": ["ok.example", ""]}, "field entries.1"),
            (LIST | {"entrys": []}, "unknown field entrys"),
            (LIST | {"effective_from": "2026-03-02T12:00:00"}, "field effective_from"),
            (RULES | {"id": "other"}, "field id"),
            (RULES | {"suppressed_titles": {"phrase": []}}, "unknown field suppressed_titles.phr"),
        ],
    )
    def test_what_is_wrong_is_named(self, content: dict[str, Any], named: str) -> None:
        with pytest.raises(CliError, match=f"a.yaml, document 1: .*{named}") as error:
            put_commands(read_text("a.yaml", json.dumps([content]), {}))
        assert WRONG_USAGE == error.value.exit_code

    def test_a_list_of_wrong_items_is_not_too_short_besides(self) -> None:
        """As services tell it."""
        content = CAMPAIGN | {"company_size": {"intervals": [{"min": "10 to 50"}]}}
        with pytest.raises(CliError) as error:
            put_commands(read_text("a.yaml", json.dumps(content), {}))
        place = "a.yaml, document 1: field company_size.intervals.0.min"
        assert f"{place}: must be a whole number" == error.value.text

    def test_what_is_named_goes_first(self) -> None:
        """Rules, lists, what may name them, and what names that, whatever their order in files."""
        documents = read_text("file", json.dumps([REQUEST, ALIAS, CAMPAIGN, LIST, RULES]), {})
        stages = in_order(documents, put_commands(documents))
        assert [["house"], ["rivals"], ["north"], ["acme:estimate-1", "q_budget"]] == [
            [command.key for command in stage] for stage in stages
        ]

    def test_nothing_follows_a_refused_list(self) -> None:
        """A campaign would take it for an empty one, and send to whom it was to leave out."""
        documents = read_text("file", json.dumps([CAMPAIGN, LIST]), {})
        campaign, list_ = put_commands(documents)
        answers = put_in_order(in_order(documents, [campaign, list_]), refuse)
        assert ("not_asked", "not_permitted") == (
            answers[campaign.id].code,
            answers[list_.id].code,
        )

    @pytest.mark.parametrize(
        ("kind", "data", "key"),
        [
            (SendLead, {"lead": "l-1", "person_id": "p-1", "campaign": "north"}, "p-1"),
            (ResolveSend, {"campaign": "north", "send": "s-1"}, "north"),
            (EditList, {"list": "rivals", "add": ["a.example"]}, "rivals"),
            (PutListPart, {"list": "rivals", "entries": ["a.example"]}, "rivals"),
            (PutRules, {"categories": []}, "house"),
            (SuspendAccount, {"customer": "northgrid"}, "northgrid"),
            (PutCampaign, {"customer": "northgrid", "id": "north"}, "north"),
            (BlockPerson, {"person_id": "p-1", "customer": "northgrid"}, "p-1"),
        ],
    )
    def test_a_command_as_it_is_written_has_the_key_of_its_entity(
        self, kind: type[contracts.Command], data: dict[str, Any], key: str
    ) -> None:
        [document] = read_text("file", json.dumps({"type": kind.TYPE, "data": data}), {})
        assert key == free_command(document).key

    @pytest.mark.parametrize(
        ("kind", "fields", "key"),
        [
            (PauseCampaign, {"campaign": "north", "reason": "x"}, "north"),
            (EditList, {"list": "rivals", "remove": ["a.example"], "reason": "x"}, "rivals"),
            (RestoreAccount, {"customer": "northgrid", "reason": "x"}, "northgrid"),
            (UnblockPerson, {"person_id": "p-1", "customer": "c", "reason": "x"}, "p-1"),
            (
                SendLead,
                {"lead": "l-1", "person_id": "p-1", "campaign": "north", "reason": "x"},
                "p-1",
            ),
            (
                ResolveSend,
                {"campaign": "north", "send": "s-1", "outcome": "sent", "reason": "x"},
                "north",
            ),
        ],
    )
    def test_a_command_as_it_is_typed_has_the_key_of_its_entity(
        self, kind: type[contracts.Command], fields: dict[str, Any], key: str
    ) -> None:
        command = command_of(kind, **fields)
        assert (kind.TYPE, key) == (command.type, command.key)
        assert kind.model_validate(fields) == kind.model_validate_json(command.data)

    def test_what_is_typed_wrong_is_named(self) -> None:
        with pytest.raises(CliError, match="field campaign: ") as error:
            command_of(PauseCampaign, campaign="no name", reason="x")
        assert WRONG_USAGE == error.value.exit_code


class TestApplied:
    def test_warnings_and_the_checklist_are_told(self) -> None:
        """What a put is worth a look for, and what keeps it from starting and whose it is."""
        [document] = read_text("a.yaml", json.dumps(CAMPAIGN), {})
        [command] = put_commands([document])
        warned = Answer(command.id, True, "created", "", {"version": 1, "warnings": ["one", "two"]})
        tasks = [{"item": "titles", "owner": "customer_success", "text": ""}]
        refused = Answer(command.id, False, "checklist_open", "titles", {"checklist": tasks})
        row = put_row(document, command, warned)
        assert ("created", "one; two", ["one", "two"]) == (
            row["result"],
            row["text"],
            row["warnings"],
        )
        row = put_row(document, command, refused)
        assert ("refused", "checklist_open", tasks) == (
            row["result"],
            row["code"],
            row["checklist"],
        )

    def test_bad_entries_of_a_list_are_told(self) -> None:
        """As they stand in the document, with the place of each."""
        [document] = read_text("a.yaml", json.dumps(LIST | {"entries": ["a.example", "a..b"]}), {})
        [command] = put_commands([document])
        answer = Answer(command.id, False, "entries_invalid", "1 entries", {"places": [1]})
        text = put_row(document, command, answer)["text"]
        assert "a.yaml, document 1: 1 entries: 'a..b' (2)" == text

    def test_all_that_is_wrong_with_a_command_is_told_a_line_each(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Each once, and how many more there are; what was accepted has none."""
        faults = [{"code": "missing", "field": "send.url", "text": "send.url: is needed"}]
        details = {"field": "send.url", "faults": faults, "more": 2, "other": 1}
        refused = Answer("c-1", False, "invalid", "send.url: is needed", details).as_json()
        accepted = Answer("c-2", True, "created", "", {"version": 1}).as_json()
        assert [{"other": 1}, {"version": 1}] == [
            without_faults(row)["details"] for row in (refused, accepted)
        ]
        show_faults([refused, accepted])
        assert [
            ["what", "is", "wrong"],
            ["command", "code", "text"],
            ["c-1", "missing", "send.url:", "is", "needed"],
            ["c-1", "-", "and", "2", "faults", "more"],
        ] == [line.split() for line in capsys.readouterr().out.splitlines() if line]
        show_faults([accepted])
        assert "" == capsys.readouterr().out

    def test_a_long_list_is_put_as_its_parts(self) -> None:
        entries = domains(ONE_PART_MAX + 1)
        service = Service()
        answer = put_long(typed_list(entries, effective_from=NOW), service)
        put = service.last(PutList)
        assert ("created", "rivals", NOW, ()) == (
            answer.code,
            put.id,
            put.effective_from,
            put.entries,
        )
        assert BUCKETS == len(put.parts) == len(service.asked) - 1

    def test_a_long_list_with_a_bad_entry_is_not_put(self) -> None:
        """The places are those of the document, though parts were asked."""
        entries = [*domains(ONE_PART_MAX), "a..b", "other.example", "A..b"]
        service = Service()
        answer = put_long(typed_list(entries), service)
        assert (False, "entries_invalid") == (answer.accepted, answer.code)
        assert [ONE_PART_MAX, ONE_PART_MAX + 2] == answer.details["places"]
        assert PutList.TYPE not in {command.type for command in service.asked}


def typed_list(entries: Sequence[str], **fields: Any) -> Command:
    content = LIST | {"entries": list(entries)}
    [document] = read_text("file", json.dumps(content | fields, default=str), {})
    [command] = put_commands([document])
    return command


class TestBadLines:
    def test_bad_lines_are_told_by_number_and_text(self) -> None:
        """In the order of the file, also those that are bad in the same way twice."""
        lines = [Line(1, "a..b"), BadLine(2, "x", "why"), Line(3, "ok.example"), Line(4, "A..B")]
        assert [(1, "a..b"), (2, "x"), (4, "A..B")] == [
            (line.number, line.entry) for line in bad_lines(lines, {"a..b": NEITHER})
        ]

    def test_an_instant_has_an_offset(self) -> None:
        assert NOW == instant("2026-03-02T14:00:00+02:00")
        for text in ("tomorrow", "2026-03-02T12:00:00", "2026-03-02"):
            with pytest.raises(CliError, match=text) as error:
                instant(text)
            assert WRONG_USAGE == error.value.exit_code


class TestParts:
    def test_a_short_list_is_one_part(self) -> None:
        assert 1 == len(parts_of(domains(ONE_PART_MAX)))

    def test_a_long_list_fits_into_parts(self) -> None:
        """With room to spare in each, and nothing lost or doubled."""
        entries = domains(LIST_ENTRIES_MAX)
        parts = parts_of([*entries, *(entry.upper() for entry in entries[:10])])
        assert BUCKETS == len(parts)
        assert max(map(len, parts)) < PART_ENTRIES_MAX
        assert sorted(entries) == sorted(map(fold, sum(parts, [])))

    def test_an_edited_line_changes_the_parts_that_it_is_in(self) -> None:
        """Wherever it stands in the file."""
        entries = domains(ONE_PART_MAX + 1)
        before = set(map(frozenset, parts_of(entries)))
        after = set(map(frozenset, parts_of(["new.example", *reversed(entries)])))
        assert 1 == len(before - after) == len(after - before)

    def test_a_part_is_never_longer_than_allowed(self) -> None:
        """Though more entries fall into each than fit."""
        parts = parts_of(domains(BUCKETS * (PART_ENTRIES_MAX + 1_000)))
        assert PART_ENTRIES_MAX == max(map(len, parts))
        assert 2 * BUCKETS == len(parts)

    def test_the_digests_are_in_the_order_of_the_parts(self) -> None:
        """Though one is put later, since the service compares two versions by them."""
        entries, service = domains(ONE_PART_MAX + 1), Service()
        wanted = put_parts("rivals", entries, service).digests
        again = put_parts("rivals", [*entries, "a..b"], service)
        assert wanted == again.digests

    def test_all_bad_entries_are_found(self) -> None:
        """Also more of them in one part than an answer tells."""
        bad = [f"bad..{number}" for number in range(2 * lists.BAD_ENTRIES_MAX + 1)]
        service = Service()
        kept = put_parts("rivals", [*bad, "ok.example"], service)
        assert dict.fromkeys(bad, NEITHER) == kept.bad
        assert ("ok.example",) == service.last(PutListPart).entries
        assert [lists.digest_of(["domain:ok.example"])] == kept.digests

    def test_nothing_is_put_where_all_is_bad(self) -> None:
        kept = put_parts("rivals", ["a..b"], Service())
        assert ([], {"a..b": NEITHER}) == (kept.digests, kept.bad)

    def test_another_refusal_ends_it(self) -> None:
        with pytest.raises(CliError, match="refused: no") as error:
            put_parts("rivals", ["ok.example"], refuse)
        assert ("not_permitted", CHECK_FAILED) == (error.value.code, error.value.exit_code)


class TestExplained:
    FAILING = {
        "code": "filter.place",
        "value": "IE",
        "expected": ["GB", "US"],
        "rule": None,
        "text": "not from there",
        "who": "customer",
        "how": "change the campaign",
    }

    def test_each_failing_check_is_a_row(self) -> None:
        """With what it has, what is wanted, and who can mend it how."""
        told = {"campaign": "north", "version": 2, "state": "refused", "failing": [self.FAILING]}
        assert [
            {
                "campaign": "north",
                "version": 2,
                "state": "refused",
                "check": "filter.place",
                "value": "IE",
                "expected": "GB, US",
                "rule": None,
                "text": "not from there",
                "who": "customer",
                "how": "change the campaign",
            }
        ] == list(explain_commands.rows_of(told))

    def test_what_the_newest_version_says_follows(self) -> None:
        now = {"campaign": "north", "version": 3, "state": "not_claimed", "failing": []}
        told = {"campaign": "north", "version": 2, "state": "refused", "failing": [self.FAILING]}
        _, row = explain_commands.rows_of(told | {"now": now})
        assert (3, "now", "nothing stands in its way") == (
            row["version"],
            row["state"],
            row["text"],
        )

    def test_a_lead_that_was_sent_is_a_row(self) -> None:
        told = {"campaign": "north", "version": 2, "state": "sent", "failing": []}
        assert [{"campaign": "north", "version": 2, "state": "sent"}] == list(
            explain_commands.rows_of(told)
        )

    def test_a_lead_that_intake_kept_has_its_reasons(self) -> None:
        """Routing knows nothing of it, and that is no error."""
        reasons = [{"code": "email_invalid", "text": "it is none", "field": "email"}]
        lead = {"id": "l-1", "outcome": "unusable", "reasons": reasons, "held": []}
        unknown = UnknownId("lead_unknown", "there is no lead 'l-1'", WRONG_USAGE)
        told = explain_commands.not_accepted(lead, unknown)
        assert ("unusable", reasons, []) == (told["state"], told["reasons"], told["campaigns"])

    def test_an_accepted_lead_must_be_known(self) -> None:
        lead = {"id": "l-1", "outcome": "accepted", "reasons": [], "held": []}
        unknown = UnknownId("campaign_unknown", "there is no campaign 'nord'", WRONG_USAGE)
        with pytest.raises(CliError, match="routing: there is no campaign 'nord'"):
            explain_commands.not_accepted(lead, unknown)

    def test_of_many_unsent_leads_some_are_named(self) -> None:
        group = {"codes": ["a", "b"], "leads": ["1", "2", "3", "4", "5"], "unsent": 5}
        row = explain_commands.watched_row(group)
        assert ("a, b", "1, 2, 3 and 2 more", 5) == (row["codes"], row["leads"], row["unsent"])


class TestSends:
    def test_a_send_is_told_with_its_history_and_attempts(self) -> None:
        """The send once, then an entry a row; attempts under way come last."""
        send = {
            "key": "s-1",
            "lead": "l-1",
            "version": 1,
            "status": "reserved",
            "history": [{"at": "t1", "what": "reserved", "text": ""}],
            "tried": [{"number": 1, "at": "t2", "verdict": "unknown", "text": "no answer"}],
        }
        first, second = send_rows([send])
        assert ("s-1", "reserved", "t1") == (first["key"], first["status"], first["at"])
        assert ("", "", "attempt", "1: unknown: no answer") == (
            second["key"],
            second["status"],
            second["what"],
            second["text"],
        )


class TestLint:
    TASKS = [
        {"item": "titles", "owner": "customer_success", "is_confirmed": False, "text": ""},
        {"item": "places", "owner": "customer_success", "is_confirmed": True, "text": ""},
    ]

    def test_what_is_open_refused_or_worth_a_look_is_told(self) -> None:
        """What is confirmed is not."""
        refused = {"code": "dates_contradict", "text": "active.to: too early"}
        found = linting.finding("north", "a.yaml, document 1", refused, ["narrow"], self.TASKS)
        assert [self.TASKS[0]] == found["open"]
        assert ["refused: dates_contradict", "to confirm: titles", "warning"] == [
            row["what"] for row in linting.rows_of(found)
        ]

    def test_a_campaign_that_is_fine_is_told_as_such(self) -> None:
        found = linting.finding("north", "version 1", None, [], self.TASKS[1:])
        assert ["fine"] == [row["what"] for row in linting.rows_of(found)]

    def test_a_target_is_a_file_or_a_campaign(self, tmp_path: Path) -> None:
        """What looks like a file is one, so that a slip is not asked for as a campaign."""
        file = tmp_path / "north"
        file.touch()
        assert [True, True, True, False] == [
            linting.is_file(target) for target in ("-", "north.yaml", str(file), "north")
        ]


class TestPreview:
    @pytest.mark.parametrize(
        ("content", "key"),
        [
            (CAMPAIGN, "north"),
            (LIST, "rivals"),
            (
                {"kind": "list_edit", "list": "rivals", "add": ["a.example"], "reason": "x"},
                "rivals",
            ),
            (ALIAS, "q_budget"),
        ],
        ids=["campaign", "list", "list_edit", "alias"],
    )
    def test_each_kind_of_change_is_read(self, content: dict[str, Any], key: str) -> None:
        [command] = put_commands(read_text("file", json.dumps(content), {}), PREVIEWED)
        assert key == command.key

    def test_other_kinds_are_refused(self) -> None:
        with pytest.raises(CliError, match="one of campaign, list, list_edit, alias is needed"):
            put_commands(read_text("file", json.dumps(RULES), {}), PREVIEWED)

    def test_a_list_in_parts_is_refused(self) -> None:
        """Its parts would have to be put first, and a preview changes nothing."""
        content = LIST | {"entries": domains(PART_ENTRIES_MAX + 1)}
        documents = read_text("a.yaml", json.dumps(content), {})
        puts = with_commands(documents, PREVIEWED)
        with pytest.raises(CliError, match="a.yaml, document 1: .*list_edit"):
            preview_commands.check_lengths(puts)

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({}, None),
            ({"given": "UNDER  10k"}, None),
            ({"given": "Over 10K"}, "answer_allowed"),
            ({"answer": "15k"}, "answer_not_allowed"),
        ],
    )
    def test_an_alias_that_would_be_refused_is_told(
        self, changes: dict[str, str], code: str | None
    ) -> None:
        alias = AddAlias.model_validate(ALIAS | changes)
        refused = preview_commands.against(alias, {"q_budget": QUESTION})
        assert code == (refused and refused["code"])

    def test_an_alias_needs_its_question(self) -> None:
        """The nearest is told."""
        alias = AddAlias.model_validate(ALIAS | {"question": "q_budgt"})
        refused = preview_commands.against(alias, {"q_budget": QUESTION})
        assert refused is not None
        assert "question_unknown" == refused["code"]
        assert "did you mean q_budget?" in refused["text"]

    def test_an_alias_frees_what_is_held_for_nothing_else(self) -> None:
        """Neither case nor blanks count; the rest is told by what it stays held for."""
        meant = {"question": "q_budget", "given": " 5K "}
        other = {"question": "q_timeframe", "given": "soon"}
        leads = [
            {"id": "l-1", "held": [meant]},
            {"id": "l-2", "held": [meant, other]},
            {"id": "l-3", "held": [{"question": "q_budget", "given": "6k"}]},
            {"id": "l-4", "held": [other]},
        ]
        told = preview_commands.freed_by(AddAlias.model_validate(ALIAS), leads)
        assert (1, 2, ["l-1"], {"q_timeframe": 1}) == (
            told["frees"],
            told["looked_at"],
            told["leads"],
            told["stay_unsent"],
        )

    @pytest.mark.parametrize(
        ("kind", "text"), [("campaign", "no lead that came before"), ("alias", "no lead is held")]
    )
    def test_that_there_was_nothing_to_look_at_is_told(self, kind: str, text: str) -> None:
        """RTE-14: of a campaign that was just put, zeros alone look like a failure."""
        each = {"campaign": "north", "frees": 0, "queues": 0, "stay_unsent": {}, "leads": []}
        told = {"kind": kind, "id": "north", "place": "a.yaml, document 1", "refused": None}
        (row,) = preview_commands.rows_of(told | {"campaigns": [each | {"looked_at": 0}]})
        assert row["text"].startswith(text)
        (row,) = preview_commands.rows_of(told | {"campaigns": [each | {"looked_at": 2}]})
        assert row["text"] is None

    def test_what_a_change_frees_is_shown(self) -> None:
        """Some leads, what stays by check, the commonest first."""
        told = {
            "kind": "campaign",
            "id": "north",
            "place": "a.yaml, document 1",
            "refused": None,
            "campaigns": [
                {
                    "campaign": "north",
                    "frees": 30,
                    "queues": 2,
                    "looked_at": 33,
                    "stay_unsent": {"cap_reached": 1, "filter.place": 2},
                    "leads": [f"l-{number}" for number in range(20)],
                }
            ],
        }
        [row] = preview_commands.rows_of(told)
        assert ("north", 30, 33) == (row["campaign"], row["frees"], row["looked_at"])
        assert "filter.place 2, cap_reached 1" == row["stay_unsent"]
        assert "l-0, l-1, l-2 and 27 more" == row["leads"]

    def test_a_refusal_is_shown_with_its_document(self) -> None:
        refused = {"code": "list_unknown", "text": "there is no such list"}
        told = {"kind": "list_edit", "id": "x", "place": "a.yaml, document 2", "refused": refused}
        [row] = preview_commands.rows_of(told | {"campaigns": []})
        assert ("list_unknown", "a.yaml, document 2: there is no such list") == (
            row["code"],
            row["text"],
        )


class TestUnsent:
    @pytest.mark.parametrize(
        ("looked_at", "of", "text"),
        [
            (0, 0, "of 0 leads that came its way"),
            (1, 1, "of 1 lead that came its way"),
            (1_012, 1_012, "of 1,012 leads that came its way"),
            (
                1_012,
                48_211,
                "about: 1,012 leads stand for some 48,211 that came its way; --leads looks at more",
            ),
        ],
    )
    def test_it_is_told_whether_all_were_looked_at(
        self, looked_at: int, of: int, text: str
    ) -> None:
        assert text == campaign_commands.looked_at_text(looked_at, of)


class TestCommands:
    COMMANDS = [
        *(["campaigns", name] for name in ("list", "show", "pause", "resume", "lint", "unsent")),
        *(["lists", name] for name in ("list", "show", "import", "add", "remove")),
        *([name] for name in ("apply", "explain", "send", "resolve", "sends", "preview", "watch")),
        *(["people", name] for name in ("block", "unblock")),
        *(["accounts", name] for name in ("suspend", "restore")),
    ]

    @pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
    def test_each_explains_itself(
        self, command: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert 0 == run([*command, "--help"])
        assert "--json" in capsys.readouterr().out

    @pytest.mark.parametrize(
        "command",
        [
            ["send", "lead", "campaign"],
            ["resolve", "send", "--campaign", "c", "--reason", "x"],
            ["sends", "campaign", "--status", "lost"],
            ["lists", "add", "rivals", "--reason", "x"],
            ["lists", "import", "file"],
            ["accounts", "suspend", "northgrid"],
            ["people", "block", "lead"],
            ["campaigns", "lint"],
        ],
        ids=" ".join,
    )
    def test_wrong_usage_is_told(
        self, command: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert WRONG_USAGE == run([*command, "--json"])
        assert {"code", "text"} == set(json.loads(capsys.readouterr().out)["error"])

    @pytest.mark.parametrize(
        "command",
        [
            ["lists", "list"],
            ["campaigns", "lint", "north"],
            ["explain", "lead"],
            ["send", "lead", "north", "--reason", "x"],
            ["accounts", "suspend", "northgrid", "--reason", "x"],
            ["lists", "add", "rivals", "a.example", "--reason", "x"],
            ["watch"],
        ],
        ids=" ".join,
    )
    def test_without_a_stack_nothing_can_be_reached(
        self,
        command: list[str],
        capsys: pytest.CaptureFixture[str],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("LEADOPS_VAR", str(tmp_path))
        assert UNREACHABLE == run([*command, "--json"])
        assert {"code", "text"} == set(json.loads(capsys.readouterr().out)["error"])
