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
    limits = httpx.Limits(keepalive_expiry=IDLE_SECONDS_MAX)
    return httpx.Client(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), limits=limits, **settings)
