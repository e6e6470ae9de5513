"""`leadops audit`: what nothing can match is an error with the nearest, before a stack is asked."""

import json

import pytest

from cli.audit_commands import check_heard_of, codes, full_type, roles
from cli.main import run
from cli.output import WRONG_USAGE, CliError
from shared.contracts.answers import REFUSE_ANY
from shared.contracts.campaigns import PutCampaign


@pytest.mark.parametrize(
    ("option", "given", "code", "near"),
    [
        ("--code", "not_permited", "code_unknown", "not_permitted"),
        ("--code", "CREATED", "code_unknown", "created"),
        ("--code", "", "code_unknown", ""),
        ("--type", "routing.campaing.put", "type_unknown", "mean routing.campaign.put"),
        ("--type", "lead.submit", "type_unknown", "mean intake.lead.submit"),
    ],
)
def test_what_nothing_can_match_is_told(
    option: str, given: str, code: str, near: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert WRONG_USAGE == run(["audit", option, given, "--json"])
    error = json.loads(capsys.readouterr().out)["error"]
    assert (code, True) == (error["code"], near in error["text"])


@pytest.mark.parametrize("given", ["routing.campaign.put", PutCampaign.TYPE])
def test_a_type_is_named_with_or_without_its_ends(given: str) -> None:
    assert PutCampaign.TYPE == full_type(given)


@pytest.mark.parametrize(
    "given", ["leadops.routing.campaign.put.v2", "leadops.visits.visit.book.v1"]
)
def test_a_type_that_nobody_knows_may_have_been_asked_for(given: str) -> None:
    """Such commands are refused, and kept: it is told only where nothing was found of them."""
    assert given == full_type(given)
    with pytest.raises(CliError, match=f"there is no type '{given}'"):
        check_heard_of(None, given)


def test_what_is_known_may_still_be_found() -> None:
    """That nothing was found of it is an answer."""
    check_heard_of("operator", PutCampaign.TYPE)
    check_heard_of(None, None)
    with pytest.raises(CliError, match="there is no role 'operater'"):
        check_heard_of("operater", PutCampaign.TYPE)


def test_every_code_of_the_loop_and_of_a_command_can_be_looked_for() -> None:
    assert {*REFUSE_ANY, *PutCampaign.ACCEPTED, *PutCampaign.REFUSED} <= set(codes())


def test_the_roles_are_those_of_commands() -> None:
    """A role that no command may be asked in is told where nothing was found of it."""
    assert PutCampaign.ROLES <= {*roles()}
    assert "operater" not in roles()
