"""HTTP clients for the addresses of a local stack, which are plain HTTP on this machine.

They trust no certificate authority, since loading those costs 40 ms of a processor for each client,
and a stack is asked hundreds of times; an https address is therefore refused.
"""

import ssl
from typing import Any

import httpx


def client(**settings: Any) -> httpx.Client:
    return httpx.Client(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), **settings)
