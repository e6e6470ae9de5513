"""People who are not to be sent, and customers whose account is suspended."""

from typing import Any

import pytest

from tests.builders import put_affiliate
from tests.component.leads import DAY, HOUR, MONDAY, Platform, block, person


async def test_nothing_is_sent_to_a_suspended_account(platform: Platform) -> None:
    """BIL-10, RTE-09: until it is restored; other customers get theirs."""
    await platform.campaign()
    await platform.campaign("other", customer="helvion")
    answer = await account(platform, "suspend")
    assert (True, "suspended") == (answer["accepted"], answer["code"])
    assert "unchanged" == (await account(platform, "suspend"))["code"]
    await platform.upload(1)
    assert ([], ["R-1"]) == (platform.got(), platform.got("other"))
    assert "restored" == (await account(platform, "restore"))["code"]
    await platform.upload(2)
    assert ["R-2"] == platform.got()
    refused = await account(platform, "suspend", role="customer")
    assert (False, "not_permitted") == (refused["accepted"], refused["code"])


async def account(platform: Platform, what: str, **cause: Any) -> Any:
    data = {"customer": "northgrid", "reason": "unpaid"}
    return await platform.ask(f"routing.account.{what}", "northgrid", data, **cause)


async def test_an_account_that_is_suspended_on_the_send_day_gets_nothing(
    platform: Platform,
) -> None:
    """RTE-09, RTE-13: what waits goes on the first send day after the account is restored."""
    await platform.campaign(weekly=MONDAY)
    await platform.upload(1)
    await account(platform, "suspend")
    await platform.advance(HOUR)
    assert [] == platform.got()
    await account(platform, "restore")
    await platform.advance(7 * DAY)
    assert ["R-1"] == platform.got()


@pytest.mark.parametrize(
    ("customer", "got"), [(None, []), ("northgrid", ["other"]), ("nobody", ["north", "other"])]
)
async def test_a_blocked_person_is_not_sent(
    platform: Platform, customer: str | None, got: list[str]
) -> None:
    """RTE-09: to nobody, or to one customer; from the entry on, and until it is lifted."""
    codes = [f"INT-AAA-BBB-{number}" for number in (1, 2, 3)]
    known = put_affiliate(lead_codes=codes).model_dump()
    await platform.ask("intake.affiliate.put", "acme", known)
    await platform.upload(1)
    for name, whose in (("north", "northgrid"), ("other", "helvion")):
        await platform.campaign(name, customer=whose, lead_codes=codes[1:])
    assert "blocked" == (await block(platform, 1, customer=customer))["code"]
    assert "unchanged" == (await block(platform, 1, customer=customer))["code"]
    await platform.submit("R-2", record=person(1, Code=codes[1]))
    assert got == sorted(platform.states("R-2"))
    lifted = await block(platform, 1, customer=customer, undo=True)
    assert (True, "unblocked") == (lifted["accepted"], lifted["code"])
    again = await block(platform, 1, customer=customer, undo=True)
    assert (False, "not_blocked") == (again["accepted"], again["code"])
    await platform.submit("R-3", record=person(1, Code=codes[2]))
    assert {"north", "other"} == set(platform.states("R-3"))
