"""Calls a customer's endpoint: a signed webhook with an idempotency key (Standard Webhooks
headers).

The signature covers the time of the attempt, so it is made here; everything else was fixed when the
effect was committed. Every way in which an endpoint can misbehave has its defined verdict, and the
text that names it; docs/receiving.md has them all.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import re
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from shared.contracts import endpoint_url, trace_context
from shared.loop.decision import Verdict
from shared.loop.effects import AttemptResult, attempt_trace
from shared.loop.targets import NotPublic, public_socket
from shared.settings import WrongSetting
from shared.store import Document

TIMEOUT_SECONDS = 10.0
CONNECT_SECONDS = 5.0
IDLE_SECONDS_MAX = 1.0
"""How long a connection that nobody uses is kept. Customers' servers end theirs after 2 to 5 s, and
what is sent just then gets no answer: nobody would know whether the lead was taken."""

PAGE_BYTES_MAX = 8 * 1024 * 1024
RETRIED_STATUSES = frozenset({408, 425, 429})
NOTHING: Mapping[str, str] = MappingProxyType({})
TOKEN_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))

SECRET_PREFIX = "whsec_"
SECRETS_MAX = 2
SECRET_BYTES = range(24, 65)
"""As long as Standard Webhooks wants them."""

FAILURES: Sequence[tuple[type[Exception], Verdict, str]] = (
    # Nothing was sent: the connection was not even made.
    (aiohttp.ClientConnectorDNSError, Verdict.NOT_TRIED, "the endpoint's name is not known"),
    (
        aiohttp.ClientConnectorCertificateError,
        Verdict.NOT_TRIED,
        "the endpoint's certificate is not trusted",
    ),
    (aiohttp.ClientConnectorSSLError, Verdict.NOT_TRIED, "no TLS connection could be made"),
    (aiohttp.ClientConnectorError, Verdict.NOT_TRIED, "the endpoint could not be reached"),
    (
        aiohttp.ConnectionTimeoutError,
        Verdict.NOT_TRIED,
        "the endpoint could not be reached in time",
    ),
    # Nothing can ever be sent to such an address.
    (aiohttp.InvalidURL, Verdict.REFUSED, "the endpoint's address is not valid"),
    (aiohttp.NonHttpUrlClientError, Verdict.REFUSED, "the endpoint's address is not valid"),
    # All or some of it was sent, so it may have been taken.
    (TimeoutError, Verdict.UNKNOWN, "no answer in time"),
    (aiohttp.ClientResponseError, Verdict.UNKNOWN, "answered something that is not HTTP"),
    (aiohttp.ClientError, Verdict.UNKNOWN, "the connection ended without an answer"),
    (OSError, Verdict.UNKNOWN, "the connection ended without an answer"),
)
"""The first that fits counts: some of these are kinds of a later one."""


class Webhooks:
    def __init__(
        self,
        secret: str,
        named: Mapping[str, str] = NOTHING,
        *,
        private_targets: bool = False,
        tokens: Path | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        idle_seconds_max: float = IDLE_SECONDS_MAX,
    ) -> None:
        """Raises `WrongSetting` for a secret that can't be used. `tokens` is a folder with a file
        for each token that a request may name."""
        self._sockets = None if private_targets else public_socket
        self._tokens = tokens
        self._keys = keys_of("LEADOPS_WEBHOOK_SECRET", secret) if secret else ()
        self._named = {
            name: keys_of(f"LEADOPS_WEBHOOK_SECRETS, {name},", text) for name, text in named.items()
        }
        self._timeout_seconds = timeout_seconds
        self._idle_seconds_max = idle_seconds_max
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def __call__(self, row: Document) -> AttemptResult:
        """The status is all that counts: the answer's body is neither unpacked nor waited for."""
        result, _ = await self._call("POST", row, row["request"]["url"], row["request"]["body"])
        return result

    async def get(self, row: Document, url: str) -> tuple[AttemptResult, bytes]:
        """A page that lies there, asked for with what the row's request names; without one, why."""
        return await self._call("GET", row, url, also={"accept-encoding": "identity"})

    async def _call(
        self,
        method: str,
        row: Document,
        address: str,
        body: bytes | None = None,
        *,
        also: Mapping[str, str] = NOTHING,
    ) -> tuple[AttemptResult, bytes]:
        try:
            headers, url = {**self._headers(row), **also}, url_of(address)
        except Unable as unable:
            return (Verdict.NOT_TRIED, str(unable)), b""
        except ValueError:
            return (Verdict.REFUSED, "the endpoint's address is not valid"), b""
        session = self._open_session()
        calling = session.request(method, url, data=body, headers=headers, allow_redirects=False)
        try:
            async with asyncio.timeout(self._timeout_seconds), calling as response:
                result = result_of(response)
                is_read = method == "GET" and result[0] is Verdict.DONE
                return result, await page_of(response) if is_read else b""
        except TooLarge:
            return (Verdict.REFUSED, f"a page has more than {PAGE_BYTES_MAX:,} bytes"), b""
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return verdict_of_failure(error), b""

    def _headers(self, row: Document) -> dict[str, str]:
        """Signed, or with the token that is named: who knows us by a token checks no signature.
        Raises `Unable` where there is neither."""
        request = row["request"]
        if name := request.get("token", ""):
            return headers_with_token(row, token_of(self._tokens, name))
        keys = self._named.get(request["secret"], self._keys)
        if not keys:
            raise Unable("there is no secret to sign with")
        return headers_of(row, keys)

    def _open_session(self) -> aiohttp.ClientSession:
        """Made on first use, inside the event loop. It keeps no cookies: two customers may live on
        one host."""
        if self._session is None:
            connect = min(CONNECT_SECONDS, self._timeout_seconds / 2)
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=connect),
                connector=aiohttp.TCPConnector(
                    limit=0,
                    keepalive_timeout=self._idle_seconds_max,
                    socket_factory=self._sockets,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        return self._session


def url_of(text: str) -> URL:
    """Called as it is written: aiohttp would quote it anew, and leave a lone `?` out.

    The query stays a part of the path, which is all that the request line knows. What is not ASCII
    was put before such URLs were refused, and is quoted as any client would.
    """
    scheme, authority, target = endpoint_url.split(text)
    path = quote(target, safe=PRINTABLE)
    return URL.build(scheme=scheme, authority=authority, path=path, encoded=True)


def result_of(response: aiohttp.ClientResponse) -> AttemptResult:
    verdict, text = verdict_of(response.status)
    if verdict is not Verdict.UNKNOWN:
        return verdict, text
    wait = wait_seconds(response.headers.get("retry-after", ""), datetime.now(UTC))
    return verdict, text, wait


class TooLarge(Exception):
    """A page has more bytes than one is read with."""


async def page_of(response: aiohttp.ClientResponse) -> bytes:
    page = bytearray()
    async for part in response.content.iter_any():
        page += part
        if len(page) > PAGE_BYTES_MAX:
            raise TooLarge
    return bytes(page)


class Unable(Exception):
    """What a request has to be sent with is not there."""


def token_of(folder: Path | None, name: str) -> str:
    """Read anew for each attempt, so that whoever puts another file in its place has changed it."""
    if folder is None or not TOKEN_NAME.fullmatch(name):
        raise Unable(f"there is no token {name!r}")
    try:
        token = (folder / name).read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise Unable(f"there is no token {name!r}") from None
    if not token.isascii() or not token.isprintable() or not token:
        raise Unable(f"the token {name!r} is no token")
    return token


def headers_with_token(row: Document, token: str) -> dict[str, str]:
    made: dict[str, str] = row["request"]["headers"] | {
        "authorization": f"Bearer {token}",
        "idempotency-key": row["_id"],
    }
    return made | trace_context.headers(attempt_trace(row))


def headers_of(row: Document, keys: Sequence[bytes]) -> dict[str, str]:
    request = row["request"]
    at = str(int(time.time()))
    signatures = [sign(key, row["_id"], at, request["body"]) for key in keys]
    made: dict[str, Any] = request["headers"] | {
        "webhook-id": row["_id"],
        "webhook-timestamp": at,
        "webhook-signature": " ".join(signatures),
    }
    return made | trace_context.headers(attempt_trace(row))


def keys_of(name: str, secrets: str) -> Sequence[bytes]:
    """The keys of one secret, or of two that are parted by a blank while it is being changed, the
    newer one first."""
    texts = secrets.split()
    if not 1 <= len(texts) <= SECRETS_MAX:
        raise WrongSetting(f"{name} holds {len(texts)} secrets, not one or two")
    return [_key(name, text) for text in texts]


def _key(name: str, secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        raise WrongSetting(f"{name} is not {SECRET_PREFIX} and base64") from None
    if len(key) not in SECRET_BYTES:
        first, last = SECRET_BYTES[0], SECRET_BYTES[-1]
        raise WrongSetting(f"{name} has {len(key)} bytes, not {first} to {last}")
    return key


def sign(key: bytes, id: str, timestamp: str, body: bytes) -> str:
    """The Standard Webhooks signature, version 1."""
    message = b".".join((id.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.digest(key, message, hashlib.sha256)).decode()


def verdict_of(status: int) -> tuple[Verdict, str]:
    """What an answer means. A server's error may have come after it had taken the lead."""
    text = f"answered {status}"
    if 200 <= status < 300:
        return Verdict.DONE, text
    if 300 <= status < 400:
        return Verdict.REFUSED, f"{text}: redirects are not followed"
    if 400 <= status < 500 and status not in RETRIED_STATUSES:
        return Verdict.REFUSED, text
    return Verdict.UNKNOWN, text


def verdict_of_failure(error: Exception) -> tuple[Verdict, str]:
    if isinstance(getattr(error, "os_error", None), NotPublic):
        return Verdict.NOT_TRIED, "the endpoint's address is not public"
    for kind, verdict, text in FAILURES:
        if isinstance(error, kind):
            return verdict, text
    return Verdict.UNKNOWN, f"failed unexpectedly: {type(error).__name__}"


def wait_seconds(retry_after: str, now: datetime) -> float:
    """How long the endpoint asks to be left alone, in seconds or until a date, by our clock. Who
    heeds it bounds it; what is neither asks for nothing."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0.0
    # HTTP knows dates in GMT only; one of its older forms does not say so.
    aware = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())
