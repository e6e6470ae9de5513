"""`leadops audit`: what nothing can match is an error with the nearest, before a stack is asked."""

import json

import pytest

from cli.audit_commands import codes, full_type, roles
from cli.main import run
from cli.output import WRONG_USAGE
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
        ("--type", "leadops.routing.campaign.put.v2", "type_unknown", PutCampaign.TYPE),
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


def test_every_code_of_the_loop_and_of_a_command_can_be_looked_for() -> None:
    assert {*REFUSE_ANY, *PutCampaign.ACCEPTED, *PutCampaign.REFUSED} <= set(codes())


def test_the_roles_are_those_of_commands() -> None:
    """A role that no command may be asked in is told where nothing was found of it."""
    assert PutCampaign.ROLES <= {*roles()}
    assert "operater" not in roles()
