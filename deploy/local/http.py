"""HTTP clients for the addresses of a local stack, which are plain HTTP on this machine.

They trust no certificate authority, since loading those costs 40 ms of a processor for each client,
and a stack is asked hundreds of times; an https address is therefore refused. A connection that
rested is not used again, since the services end theirs after five seconds.
"""

import ssl
from typing import Any

import httpx

IDLE_SECONDS_MAX = 1.0


def client(**settings: Any) -> httpx.Client:
    return httpx.Client(verify=_nobody(), limits=_limits(), **settings)


def async_client(**settings: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(verify=_nobody(), limits=_limits(), **settings)


def _nobody() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _limits() -> httpx.Limits:
    return httpx.Limits(keepalive_expiry=IDLE_SECONDS_MAX)
