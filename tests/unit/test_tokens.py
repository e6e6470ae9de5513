"""Tokens are named by requests, lie in files of their own, and are changed by changing these."""

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from shared.loop.decision import Verdict
from shared.loop.effects import AttemptResult
from shared.loop.webhook import Webhooks
from tests.unit.test_webhook import endpoint, row


class Api:
    """Somebody's API, which notes with what it is called."""

    def __init__(self) -> None:
        self.headers: list[dict[str, str]] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.headers.append({name.lower(): text for name, text in request.headers.items()})
        return web.Response(status=201)


async def ask(url: str, folder: Path | None, name: str) -> AttemptResult:
    webhooks = Webhooks("", private_targets=True, tokens=folder)
    asked = row(url)
    asked["request"] |= {"token": name}
    try:
        return await webhooks(asked)
    finally:
        await webhooks.close()


async def test_a_request_has_the_token_that_it_names_and_no_signature(tmp_path: Path) -> None:
    (tmp_path / "calendar").write_text("first\n")
    api = Api()
    async with endpoint(api.answer) as url:
        assert (Verdict.DONE, "answered 201") == await ask(url, tmp_path, "calendar")
        (tmp_path / "calendar").write_text("second")
        await ask(url, tmp_path, "calendar")
    assert ["Bearer first", "Bearer second"] == [each["authorization"] for each in api.headers]
    assert {"key-1"} == {each["idempotency-key"] for each in api.headers}
    assert not any(name.startswith("webhook-") for each in api.headers for name in each)


@pytest.mark.parametrize("name", ["other", "../secret", "/etc/hostname", "", "a/b", ".", ".."])
async def test_without_the_token_nothing_is_sent(tmp_path: Path, name: str) -> None:
    """Nor is any other file read; an empty name is none, and then there is no secret either."""
    (tmp_path / "tokens").mkdir()
    (tmp_path / "secret").write_text("of somebody else")
    api = Api()
    async with endpoint(api.answer) as url:
        verdict, text, *_ = await ask(url, tmp_path / "tokens", name)
    assert (Verdict.NOT_TRIED, []) == (verdict, api.headers)
    assert text.startswith(f"there is no token {name!r}" if name else "there is no secret")


@pytest.mark.parametrize("content", [b"", b" \n", b"two\nlines", "schlüssel".encode(), b"\xff"])
async def test_what_is_no_token_is_not_sent(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "calendar").write_bytes(content)
    api = Api()
    async with endpoint(api.answer) as url:
        found: Any = await ask(url, tmp_path, "calendar")
    assert (Verdict.NOT_TRIED, []) == (found[0], api.headers)


async def test_without_a_folder_there_is_no_token() -> None:
    assert (Verdict.NOT_TRIED, "there is no token 'calendar'") == await ask(
        "http://127.0.0.1:1/hook", None, "calendar"
    )
