"""Calls a customer's endpoint: a signed webhook with an idempotency key (Standard Webhooks
headers).

The signature covers the time of the attempt, so it is made here; everything else was fixed when the
effect was committed. Every way in which an endpoint can misbehave has its defined verdict.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import aiohttp

from shared.loop.effects import Verdict
from shared.store import Document

TIMEOUT_SECONDS = 10.0
RETRIED_STATUSES = frozenset({408, 425, 429})
SECRET_PREFIX = "whsec_"


class Webhooks:
    def __init__(
        self,
        secret: str,
        named: Mapping[str, str] = MappingProxyType({}),
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._secret = _key(secret)
        self._named = {name: _key(text) for name, text in named.items()}
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._session: Any = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def __call__(self, row: Document) -> tuple[Verdict, str]:
        request = row["request"]
        headers = self._headers(row)
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=self._timeout, connector=aiohttp.TCPConnector(limit=0)
            )
        try:
            async with self._session.post(
                request["url"], data=request["body"], headers=headers, allow_redirects=False
            ) as response:
                return verdict_of(response.status)
        except aiohttp.ClientConnectorError:
            return Verdict.NOT_TRIED, "the endpoint could not be reached"
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
            return Verdict.REFUSED, "the endpoint's address is not valid"
        except TimeoutError:
            return Verdict.UNKNOWN, "no answer in time"
        except (aiohttp.ClientError, OSError) as error:
            return Verdict.UNKNOWN, f"the connection failed: {type(error).__name__}"

    def _headers(self, row: Document) -> dict[str, str]:
        request, trace = row["request"], row["cause"]["trace"]
        secret = self._named.get(request["secret"], self._secret)
        at = str(int(time.time()))
        made: dict[str, str] = request["headers"] | {
            "webhook-id": row["_id"],
            "webhook-timestamp": at,
            "webhook-signature": sign(secret, row["_id"], at, request["body"]),
        }
        return made | ({"traceparent": trace} if trace else {})


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(SECRET_PREFIX))


def sign(secret: bytes, id: str, timestamp: str, body: bytes) -> str:
    """The Standard Webhooks signature, version 1."""
    message = b".".join((id.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.new(secret, message, hashlib.sha256).digest()).decode()


def verdict_of(status: int) -> tuple[Verdict, str]:
    """What an answer means. A server's error may have come after it had taken the lead."""
    text = f"answered {status}"
    if 200 <= status < 300:
        return Verdict.DONE, text
    if status >= 500 or status in RETRIED_STATUSES:
        return Verdict.UNKNOWN, text
    return Verdict.REFUSED, text
