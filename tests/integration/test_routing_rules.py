"""Routing's rules that only a real stack can show: long lists and previews by the command line, and
questions while leads are decided.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.platform import ON_THE_STACK, RealStack, leadops
from tests.scenes.scene import Scene

pytestmark = ON_THE_STACK

HOUR = timedelta(hours=1)
STRICT = {"strictness": "strict"}


@pytest.mark.rule("RTE-06")
def test_lists_keep_companies_out_or_in(real: RealStack, tmp_path: Path) -> None:
    """A hundred thousand entries from a file, by domain with its subdomains and by name whatever
    its legal form. A bad line, or one entry too many, changes nothing; nor does a list before its
    date."""
    scene = Scene(real, "lists")
    use = {"list": "lists-long", **STRICT}
    scene.put(out={"suppressed": [use]}, only={"approved": [use]}, any={})
    entries = ["big-lists.example", "Larkspur & Sons", *(f"c{n}.example" for n in range(99_998))]
    bad = [*entries[:5_000], "not a domain.", "what?.example", "..."]
    assert (2, [5002, 5003]) == bad_lines(imported(tmp_path, "lists-long", bad))
    assert (2, "list_too_long") == error_of(imported(tmp_path, "lists-long", [*entries, "x.y"]))
    assert "lists-long" not in {one["id"] for one in real.get("routing", "/lists")["lists"]}
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
    real.rest()
    scene.upload_each({f"{name}-1": lead for name, lead in leads.items()})
    taken = {
        name: [one for one in scene.got(name) if one.endswith("1")] for name in ("out", "only")
    }
    others = sorted({*leads} - {*hit})
    assert {"out": [f"{name}-1" for name in others], "only": [f"{name}-1" for name in hit]} == taken
    assert ["company_suppressed"] == scene.why("below-1", "out")
    assert ["domain_not_approved"] == scene.why("beside-1", "only")
    empty = {"id": "lists-dated", "entries": ["else.example"]}
    assert real.ask("routing.list.put", "lists-dated", empty).accepted
    dated = empty | {"entries": ["big.example"]}
    dated["effective_from"] = (real.now() + HOUR).isoformat()
    assert "coming" == real.ask("routing.list.put", "lists-dated", dated).code
    scene.put(dated={"suppressed": [{"list": "lists-dated", **STRICT}]})
    scene.upload("early", Site="big.example")
    real.jump_to(real.now() + HOUR)
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
@pytest.mark.rule("OPS-01")
def test_what_a_change_frees_is_told_first_and_then_sent(real: RealStack, tmp_path: Path) -> None:
    """Opening a category, taking a company off a list and adding an alias: how many and which, and
    nothing is sent by asking; then exactly those, each once and in the trace of its upload."""
    scene = Scene(real, "freed")
    entries = {"id": "freed", "entries": ["kept.example", "other.example"]}
    assert real.ask("routing.list.put", "freed", entries).accepted
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
    answers = real.publish(*(scene.submission(name, **odd) for name in ("odd1", "odd2")))
    answers += real.publish(scene.submission("odd3", **odd | {"Budget": "plenty"}))
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
    alias = real.ask("intake.question.alias", "q_budget", changes["alias"][0])
    assert (0, True) == (removed[0], alias.accepted)
    real.rest()
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
    found = scene.platform.get("intake", f"/leads/{scene.leads[reference]}")
    return str(found["trace"]).split("-")[1]


@pytest.mark.rule("RTE-10")
def test_questions_disturb_no_decision(real: RealStack) -> None:
    """While leads are decided, whoever asks is answered, and each lead is sent all the same."""
    scene = Scene(real, "busy")
    scene.put(all={}, north={"places": [{"country": "NO"}]})
    scene.upload("first")
    many = [f"r{n:03}" for n in range(150)]
    with ThreadPoolExecutor() as pool:
        coming = pool.submit(scene.upload, *many)
        asked_meanwhile = 0
        while not coming.done():
            assert ["filter.place"] == scene.why("first", "north")
            asked_meanwhile += 1
        coming.result()
    assert asked_meanwhile
    assert ["first", *many] == scene.got("all")
    assert [] == scene.got("north")
