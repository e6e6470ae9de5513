"""Routing's rules on lists, sending by hand and deciding again, and on who may ask, through a real
broker and store, each with what must not be.
"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.command import Asker, Command
from deploy.local import quiet
from tests.integration.platform import asked, command, get, tell
from tests.integration.scene import WAIT_SECONDS, Scene, house, jump_to, leadops

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.mongo,
    pytest.mark.stack,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("stack"),
]

HOUR = timedelta(hours=1)
STRICT = {"strictness": "strict"}


@pytest.mark.rule("RTE-06")
def test_lists_keep_companies_out_or_in(running: dict[str, Any], tmp_path: Path) -> None:
    """A hundred thousand entries from a file, by domain with its subdomains and by name whatever
    its legal form. A bad line, or one entry too many, changes nothing; nor does a list before its
    date."""
    scene = Scene(running, "lists")
    use = {"list": "lists-long", **STRICT}
    scene.put(out={"suppressed": [use]}, only={"approved": [use]}, any={})
    entries = ["big-lists.example", "Larkspur & Sons", *(f"c{n}.example" for n in range(99_998))]
    bad = [*entries[:5_000], "not a domain.", "what?.example", "..."]
    assert (2, [5002, 5003]) == bad_lines(imported(tmp_path, "lists-long", bad))
    assert (2, "list_too_long") == error_of(imported(tmp_path, "lists-long", [*entries, "x.y"]))
    assert "lists-long" not in {one["id"] for one in get("routing", "/lists")["lists"]}
    leads = {
        "self": {"Site": "big-lists.example"},
        "below": {"Site": "mail.big-lists.example"},
        "beside": {"Site": "verybig-lists.example"},
        "named": {"Firm": "LARKSPUR & Sons GmbH"},
        "else": {"Firm": "Larkspur & Daughters Ltd"},
        "last": {"Site": "www.c99997.example"},
        "unknown": {},
    }
    hit = ["below", "last", "named", "self"]
    scene.upload_each({f"{name}-0": lead for name, lead in leads.items()})
    assert (len(leads), []) == (len(scene.got("out")), scene.got("only"))
    code, printed = imported(tmp_path, "lists-long", entries)
    assert (0, "created", 100_000) == (code, printed["code"], printed["details"]["entries"])
    quiet.wait_quiet(WAIT_SECONDS)
    scene.upload_each({f"{name}-1": lead for name, lead in leads.items()})
    taken = {
        name: [one for one in scene.got(name) if one.endswith("1")] for name in ("out", "only")
    }
    others = sorted({*leads} - {*hit})
    assert {"out": [f"{name}-1" for name in others], "only": [f"{name}-1" for name in hit]} == taken
    assert ["company_suppressed"] == scene.why("below-1", "out")
    assert ["domain_not_approved"] == scene.why("beside-1", "only")
    empty = {"id": "lists-dated", "entries": ["else.example"]}
    assert asked("routing.list.put", "lists-dated", empty).accepted
    dated = empty | {"entries": ["big.example"]}
    dated["effective_from"] = (quiet.now() + HOUR).isoformat()
    assert "coming" == asked("routing.list.put", "lists-dated", dated).code
    scene.put(dated={"suppressed": [{"list": "lists-dated", **STRICT}]})
    scene.upload("early", Site="big.example")
    jump_to(running, quiet.now() + HOUR)
    scene.upload("late", Site="big.example")
    assert ["early"] == scene.got("dated")


def imported(folder: Path, name: str, entries: list[str]) -> tuple[int, Any]:
    file = folder / "companies.txt"
    file.write_text("\n".join(entries))
    return leadops("lists", "import", str(file), "--list", name)


def bad_lines(outcome: tuple[int, Any]) -> tuple[int, list[int]]:
    code, printed = outcome
    return code, [line["line"] for line in printed["error"]["details"]["lines"]]


def error_of(outcome: tuple[int, Any]) -> tuple[int, str]:
    code, printed = outcome
    return code, printed["error"]["code"]


@pytest.mark.rule("RTE-14")
def test_a_lead_is_sent_by_hand(running: dict[str, Any]) -> None:
    """One that waits for the send day, or whose title is suppressed, with who and why in its
    history, and not again on the day; nothing else is passed over, and not by everybody."""
    scene = Scene(running, "hand")
    day = quiet.now() + timedelta(days=1)
    weekly = {"weekly": {"weekday": f"{day:%A}".lower(), "at": f"{day:%H:%M}"}}
    scene.put(weekly=weekly, titled={}, north={"places": [{"country": "NO"}]})
    scene.upload("now", "later", Title="Marketing Intern, EMEA")
    scene.upload("plain", "waits")
    assert [["plain", "waits"], [], []] == [
        scene.got(name) for name in ("titled", "weekly", "north")
    ]
    assert ["title_suppressed"] == scene.why("now", "titled") == scene.why("now", "weekly")
    ann = Asker("ann")
    answers = [
        scene.by_hand(*what, ann)
        for what in (("now", "titled"), ("now", "weekly"), ("plain", "weekly"), ("plain", "north"))
    ]
    assert ["claimed", "claimed", "claimed", "not_overridable"] == [
        answer.code for answer in answers
    ]
    assert ["filter.place"] == answers[-1].details["failing"]
    customer = scene.by_hand("later", "titled", Asker(scene.name, "customer"))
    assert (False, "not_permitted") == (customer.accepted, customer.code)
    quiet.wait_quiet(WAIT_SECONDS)
    assert [["now", "plain", "waits"], ["now", "plain"], []] == [
        scene.got(name) for name in ("titled", "weekly", "north")
    ]
    told = [entry["text"] for entry in scene.sends("weekly")["plain"]["history"]]
    assert any("ann: test" in text for text in told)
    assert "already_sent" == scene.by_hand("plain", "weekly").code
    jump_to(running, day + HOUR)
    assert ["now", "plain", "waits"] == scene.got("weekly")
    assert ["now", "plain", "waits"] == scene.got("titled")


@pytest.mark.rule("RTE-14")
@pytest.mark.rule("OPS-01")
def test_what_a_change_frees_is_told_first_and_then_sent(
    running: dict[str, Any], tmp_path: Path
) -> None:
    """Opening a category, taking a company off a list and adding an alias: how many and which, and
    nothing is sent by asking; then exactly those, each once and in the trace of its upload."""
    scene = Scene(running, "freed")
    entries = {"id": "freed", "entries": ["kept.example", "other.example"]}
    assert asked("routing.list.put", "freed", entries).accepted
    ordered = {"categories": [{"id": "101"}, {"id": "102"}, {"id": "107"}]}
    closed = ordered | {"open_categories": ["101"], "places": [{"country": "US"}]}
    listed = {"suppressed": [{"list": "freed", **STRICT}], "open_categories": ["101"]}
    scene.put(opens=closed, listed=listed, asks={"smarter": {}, "open_categories": ["107"]})
    scene.upload_each(
        {
            "open1": {"Topic": "102", "Site": "a.example"},
            "open2": {"Topic": "102", "Site": "b.example"},
            "abroad": {"Topic": "102", "Land": "DE"},
            "third": {"Topic": "103"},
            "kept": {"Site": "www.kept.example", "Land": "DE"},
            "other": {"Site": "other.example", "Land": "DE"},
        }
    )
    odd = {"Topic": "107", "Land": "US", "Budget": "ten to fifty"}
    answers = tell(*(scene.submission(name, **odd) for name in ("odd1", "odd2")))
    answers += tell(scene.submission("odd3", **odd | {"Budget": "plenty"}))
    scene.leads |= {f"odd{n}": answer.details["lead"] for n, answer in enumerate(answers, 1)}
    opened = closed | {"open_categories": ["101", "102"]}
    changes: dict[str, tuple[dict[str, Any], str, list[str]]] = {
        "campaign": (scene.definition("opens", **opened), "opens", ["open1", "open2"]),
        "list_edit": (
            {"list": "freed", "remove": ["kept.example"], "reason": "test"},
            "listed",
            ["kept"],
        ),
        "alias": (
            {"question": "q_budget", "given": "Ten to fifty", "answer": "10k-50k"},
            "asks",
            ["odd1", "odd2"],
        ),
    }
    for kind, (change, campaign, freed) in changes.items():
        assert freed == previewed(scene, tmp_path, kind, change), kind
        assert [] == scene.got(campaign)
    scene.put(opens=opened)
    removed = leadops("lists", "remove", "freed", "kept.example", "--reason", "test")
    alias = asked("intake.question.alias", "q_budget", changes["alias"][0])
    assert (0, True) == (removed[0], alias.accepted)
    quiet.wait_quiet(WAIT_SECONDS)
    for kind, (_, campaign, freed) in changes.items():
        assert freed == scene.got(campaign), kind
        assert len(freed) == len(scene.rows(campaign))
    traces = {name: trace_of(scene, name) for name in ("open1", "kept")}
    told = {"open1": scene.rows("opens", "open1")[0], "kept": scene.rows("listed", "kept")[0]}
    assert traces == {name: row["traceparent"].split("-")[1] for name, row in told.items()}
    assert 2 == len({*traces.values()})
    assert ["category_closed", "category_not_as_ordered"] == scene.why("third", "opens")
    assert ["company_suppressed"] == scene.why("other", "listed")


def previewed(scene: Scene, folder: Path, kind: str, change: dict[str, Any]) -> list[str]:
    """The references of the leads that the change would free, as the command line tells."""
    file = folder / f"{kind}.json"
    file.write_text(json.dumps({"kind": kind, **change}))
    code, printed = leadops("preview", str(file))
    (told,) = printed["previews"][0]["campaigns"]
    names = {lead: reference for reference, lead in scene.leads.items()}
    assert (0, len(told["leads"])) == (code, told["frees"])
    return sorted(names[lead] for lead in told["leads"])


def trace_of(scene: Scene, reference: str) -> str:
    return str(get("intake", f"/leads/{scene.leads[reference]}")["trace"]).split("-")[1]


@pytest.mark.rule("OPS-06")
@pytest.mark.rule("OPS-07")
def test_routing_answers_everything_and_hears_whom_it_may(running: dict[str, Any]) -> None:
    """Each of its commands is refused to a role that may not ask, and nothing changes; a customer
    may stop its own campaign and no other. What is unknown or unreadable is answered, too."""
    scene = Scene(running, "asks")
    scene.put(c={})
    campaign = {"campaign": scene.id("c"), "reason": "test"}
    customer = {"customer": scene.name, "reason": "test"}
    person = {"person_id": "p-1", "reason": "test"}
    send = {"campaign": scene.id("c"), "send": "s", "outcome": "sent", "reason": "test"}
    lead = {"lead": "l", "campaign": scene.id("c")} | person
    commands = [
        scene.campaign("c", priority=9),
        command("routing.campaign.pause", scene.id("c"), campaign),
        command("routing.campaign.resume", scene.id("c"), campaign),
        command("routing.send.resolve", scene.id("c"), send),
        command("routing.lead.send", "p-1", lead),
        command("routing.person.block", "p-1", person),
        command("routing.person.unblock", "p-1", person),
        command("routing.list.part", "l", {"list": "l", "entries": ["x.example"]}),
        command("routing.list.put", "l", {"id": "l", "entries": ["x.example"]}),
        command("routing.list.edit", "l", {"list": "l", "add": ["x.example"], "reason": "test"}),
        command("routing.account.suspend", scene.name, customer),
        command("routing.account.restore", scene.name, customer),
        house(categories=[]),
    ]
    agent = tell(*commands, asker=Asker("somebody", "agent"))
    assert [(False, "not_permitted")] * len(commands) == [
        (answer.accepted, answer.code) for answer in agent
    ]
    pause = commands[1]
    stranger = asked_as(pause, Asker("another", "customer"))
    scene.upload("a")
    owner = asked_as(pause, Asker(scene.name, "customer"))
    assert ["not_permitted", "paused"] == [stranger, owner]
    scene.upload("b")
    assert (["a"], 2) == (scene.got("c"), scene.about("c")["version"])
    answers = tell(
        command("routing.lead.juggle", "p-1", {}),
        command("routing.campaign.put", "c", {"id": 5}),
        command("routing.list.edit", "none", {"list": "none", "reason": "test"}),
        command("routing.lead.send", "p-1", lead),
        command("routing.send.resolve", scene.id("c"), send),
        command("routing.person.unblock", "p-1", person),
        command("routing.campaign.pause", "none", campaign | {"campaign": "none"}),
    )
    assert [
        "unknown_command",
        "invalid",
        "list_unknown",
        "lead_unknown",
        "send_unknown",
        "not_blocked",
        "campaign_unknown",
    ] == [answer.code for answer in answers]
    assert not any(answer.accepted or not answer.text for answer in answers)


def asked_as(one: Command, asker: Asker) -> str:
    """A command anew, from somebody else."""
    (answer,) = tell(Command(one.type, one.data, one.key), asker=asker)
    return answer.code
