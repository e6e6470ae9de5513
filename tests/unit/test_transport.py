"""The scheme of an address decides how an effect is performed."""

from pathlib import Path
from typing import Any

import pytest

from shared.loop.decision import Verdict
from shared.loop.effects import AttemptResult
from shared.loop.transport import Transports
from shared.serve import Entries, usable
from shared.settings import Settings, WrongSetting
from tests.doors import CALENDAR

SECRET = "whsec_" + "A" * 32


def row(url: str) -> dict[str, Any]:
    request = {"url": url, "body": b"{}", "headers": {}, "secret": ""}
    return {"_id": "key-1", "request": request, "attempt": 1, "cause": {"trace": None}}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:1/", (Verdict.NOT_TRIED, "the endpoint could not be reached")),
        ("HTTPS://127.0.0.1:1/", (Verdict.NOT_TRIED, "the endpoint could not be reached")),
        ("mailto:leads@x.example", (Verdict.NOT_TRIED, "no mail server is configured")),
        ("file:north", (Verdict.DONE, "the file was written")),
    ],
)
async def test_each_scheme_has_its_way(tmp_path: Path, url: str, expected: AttemptResult) -> None:
    settings = Settings(webhook_secret=SECRET, webhook_private_targets=True, drop_folder=tmp_path)
    performing = Transports(settings)
    assert expected == await performing(row(url))
    await performing.close()


async def test_what_names_a_reading_is_read_and_not_sent() -> None:
    performing = Transports(Settings(webhook_secret=SECRET))
    asked = row("https://x.example/")
    asked["request"] |= {"reading": "meetings"}
    assert (Verdict.NOT_TRIED, "nothing here reads such pages") == await performing(asked)
    await performing.close()


@pytest.mark.parametrize("url", ["ftp://x.example/", "javascript:alert(1)", "x.example", ""])
async def test_an_unknown_scheme_is_refused(url: str) -> None:
    performing = Transports(Settings())
    verdict, text, *_ = await performing(row(url))
    await performing.close()
    assert (Verdict.REFUSED, "the address begins with none of https:, http:, mailto:, file:") == (
        verdict,
        text,
    )


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"webhook_secret": "whsec_short"}, "LEADOPS_WEBHOOK_SECRET "),
        ({"webhook_secrets": {"north": ""}}, "LEADOPS_WEBHOOK_SECRETS, north,"),
        ({"smtp_host": "mail.example"}, "LEADOPS_SMTP_SENDER"),
    ],
)
def test_a_setting_that_can_not_be_used_is_told_before_anything_is_sent(
    settings: dict[str, Any], named: str
) -> None:
    with pytest.raises(WrongSetting, match=named):
        Transports(Settings(**settings))


@pytest.mark.parametrize(
    "settings", [{"secret": ""}, {"secret": "kept", "webhook_secret": "whsec_short"}]
)
def test_a_service_does_not_start_with_a_setting_that_can_not_be_used(
    settings: dict[str, Any],
) -> None:
    """Without a secret anybody could seal numbers, and tell who a pseudonym is."""
    with pytest.raises(SystemExit) as ended:
        usable(Settings(**settings))
    assert 2 == ended.value.code


def test_doors_need_a_port_of_their_own() -> None:
    """Without one nobody could come, and nothing would tell it."""
    settings = Settings(secret="s" * 32)
    entries = Entries(doors=[CALENDAR])
    with pytest.raises(SystemExit) as ended:
        usable(settings, entries)
    assert 2 == ended.value.code
    assert usable(settings)
    assert usable(settings.model_copy(update={"door_port": 8090}), entries)
