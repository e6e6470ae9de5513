"""Intake's rules that only a real stack can show: files, search, and work across services."""

from pathlib import Path

import pytest

from tests.integration.platform import ON_THE_STACK, RealStack, leadops
from tests.scenes.scene import ASKING
from tests.scenes.uploads import CODE, FIELDS, OTHER_CODE, Uploads, codes

pytestmark = ON_THE_STACK


@pytest.fixture(scope="module")
def uploads(real: RealStack) -> Uploads[RealStack]:
    uploads = Uploads(real)
    uploads.put_campaign()
    return uploads


@pytest.mark.rule("INT-05")
@pytest.mark.case("lead-files", "35", kind="K10")
def test_the_first_row_of_a_file_wins(uploads: Uploads[RealStack], tmp_path: Path) -> None:
    """Of each person the row that stands first is the lead, though rows go to shards that keep no
    order among each other; a reference of two people is told with both lines."""
    uploads.put_affiliate("turns", mapping={"fields": FIELDS | {"reference": "Ref"}})
    rows = [f"T{round_}-{who},p{who}@turns.example" for round_ in range(4) for who in range(12)]
    rows += ["C-1,c1@turns.example", "C-1,c2@turns.example", "T0-0,c3@turns.example"]
    lines = ["Ref,Mail,Land,Topic", *(f"{row},US,{ASKING}" for row in rows)]
    file = tmp_path / "leads.csv"
    file.write_text("\n".join(lines) + "\n")
    code, done = leadops("import", str(file), "--affiliate", "turns", "--lead-code", CODE)
    assert (1, 13, 36, 2) == (code, done["accepted"], done["omitted"], done["unusable"])
    assert [(51, 50), (52, 2)] == [(row["line"], row["line_of"]) for row in done["conflicts"]]
    accepted = uploads.get("/leads", affiliate="turns", outcome="accepted", limit="100")["leads"]
    assert {"C-1", *(f"T0-{who}" for who in range(12))} == {lead["reference"] for lead in accepted}
    for number, reference in ((2, "C-1"), (3, "T0-0")):
        (found,) = uploads.get("/leads", email=f"c{number}@turns.example")["leads"]
        assert (reference, ["reference_conflict"]) == (
            found["reference"],
            [reason["code"] for reason in found["reasons"]],
        )


@pytest.mark.rule("INT-08")
def test_a_reupload_replaces_what_was_not_sent(uploads: Uploads[RealStack]) -> None:
    """Routing withdraws a lead that nobody wants, and not one that was sent; then the re-upload is
    not used, and the first stays."""
    uploads.put_affiliate("anew")
    uploads.submit("anew", "1", record={"Topic": "102"})
    uploads.submit("anew", "2")
    uploads.platform.rest()
    first = uploads.submit("anew", "1b", replaces="1", record={"Mail": "1@anew.example"})
    second = uploads.submit("anew", "2b", replaces="2", record={"Mail": "2@anew.example"})
    assert ["waiting", "waiting"] == [first.code, second.code]
    uploads.platform.rest()
    found = uploads.leads(affiliate="anew")
    assert ("omitted", ["replaced"]) == (found["1"]["outcome"], codes(found["1"]))
    assert ("accepted", ["all"]) == (found["1b"]["outcome"], found["1b"]["sent_to"])
    assert ("accepted", ["all"]) == (found["2"]["outcome"], found["2"]["sent_to"])
    assert ("omitted", ["replaces_sent"]) == (found["2b"]["outcome"], codes(found["2b"]))
    assert "replaced_unknown" == uploads.submit("anew", "3", replaces="none").code


@pytest.mark.rule("INT-11")
@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"affiliate": "seek"}, {"1", "2", "3"}),
        ({"affiliate": "seek", "outcome": "unusable"}, {"2"}),
        ({"affiliate": "seek", "lead_code": OTHER_CODE}, {"3"}),
        ({"affiliate": "seek", "sent": "true"}, {"1"}),
        ({"affiliate": "seek", "sent": "false"}, {"2", "3"}),
        ({"campaign": "all", "email": "1@seek.example"}, {"1"}),
        ({"delivery": "march", "affiliate": "seek"}, {"3"}),
        ({"email": " 3@SEEK.example "}, {"3"}),
        ({"affiliate": "seek", "source": "organic"}, set()),
        ({"affiliate": "seek", "from": "2126-01-01"}, set()),
        ({"affiliate": "seek", "to": "2020-01-01"}, set()),
        ({"email": "nobody@seek.example"}, set()),
    ],
)
def test_leads_are_found(
    uploads: Uploads[RealStack], sought: None, wanted: dict[str, str], found: set[str]
) -> None:
    """By each filter, by all of them together, and by none that does not hold."""
    assert found == set(uploads.leads(**wanted))


@pytest.fixture(scope="module")
def sought(uploads: Uploads[RealStack]) -> None:
    uploads.put_affiliate("seek")
    uploads.submit("seek", "1")
    uploads.submit("seek", "2", record={"Mail": "none"})
    uploads.submit("seek", "3", lead_code=OTHER_CODE, delivery="march", record={"Topic": "102"})
    uploads.platform.rest()
