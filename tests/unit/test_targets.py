"""Requests of ours go to public addresses only, whatever an address is written as or stands for."""

import ipaddress
import socket

import pytest
from aiohttp import web

from shared.loop.decision import Verdict
from shared.loop.targets import NotPublic, is_public, public_socket
from shared.loop.webhook import Webhooks
from tests.unit.test_webhook import SECRET, endpoint, row


async def ok(_request: web.Request) -> web.Response:
    return web.Response()


NOT_PUBLIC = [
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
    *("0.0.0.0", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.0.2.1"),
    *("::1", "::", "fe80::1", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1"),
    *("fec0::1", "::127.0.0.1", "64:ff9b:1::a00:1", "fe80::5efe:10.0.0.1"),
    *("::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::1"),
    *("192.0.0.8", "192.0.0.192", "192.88.99.1", "3fff::1", "100.100.100.200", "fd00:ec2::254"),
    *("168.63.129.16", "::ffff:168.63.129.16", "64:ff9b::a83f:8110", "2002:a83f:8110::1"),
]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_what_is_not_public(address: str) -> None:
    """Private, local, shared, reserved, of groups, for examples, of a cloud's own; also inside
    another address."""
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *("1.1.1.1", "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"),
        *("168.63.129.15", "192.0.1.1"),
    ],
)
def test_what_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


def test_a_scope_does_not_hide_an_address() -> None:
    info = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1%eth0", 443, 0, 0))
    with pytest.raises(NotPublic):
        public_socket(info)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "0.0.0.0", "0x7f.1", "localhost", "[::1]", "[::ffff:7f00:1]"]
)
async def test_a_webhook_to_an_address_inside_is_not_sent(host: str) -> None:
    """However it is written, and although somebody would answer there; it waits for a setting."""
    async with endpoint(ok) as url:
        port = url.rsplit(":", 1)[1]
        webhooks = Webhooks(SECRET)
        found = await webhooks(row(f"http://{host}:{port}"))
        await webhooks.close()
    assert (Verdict.NOT_TRIED, "the endpoint's address is not public") == found


async def test_a_setting_lets_webhooks_in() -> None:
    async with endpoint(ok) as url:
        webhooks = Webhooks(SECRET, private_targets=True)
        assert (Verdict.DONE, "answered 200") == await webhooks(row(url))
        await webhooks.close()
