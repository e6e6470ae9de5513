"""An endpoint's URL is called byte for byte as it was put, or refused when it is put."""

import asyncio
import base64

import pytest

from shared.contracts.endpoint_url import fault_of
from shared.loop.decision import Verdict
from shared.loop.webhook import Webhooks
from tests.endpoints import talking

SECRET = "whsec_" + base64.b64encode(b"x" * 32).decode()
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"

SIGNED = "/hook/a%2Fb%3Ac/~x?sig=Xy%2Bz%2F%3D%3D&n=%28x%29&q=%27o%27"


async def request_line(behind: str) -> str:
    """What a server of bare sockets reads in the first line of the request."""
    heads: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(OK)
        await writer.drain()

    webhooks = Webhooks(SECRET, private_targets=True)
    async with talking(talk) as port:
        request = {"url": f"http://127.0.0.1:{port}{behind}", "body": b"{}", "headers": {}}
        row = {
            "_id": "k",
            "request": request | {"secret": "own"},
            "attempt": 1,
            "cause": {"trace": None},
        }
        performed = await webhooks(row)
    await webhooks.close()
    assert (Verdict.DONE, "answered 200") == performed
    return heads[0].decode("latin-1").splitlines()[0]


@pytest.mark.case("lead-files", "22a", kind="K26")
async def test_a_signed_url_is_called_as_it_was_signed() -> None:
    """Signatures of S3 and SAS are over the text: %2F is no slash there, and %28 no bracket."""
    assert f"POST {SIGNED} HTTP/1.1" == await request_line(SIGNED)


@pytest.mark.parametrize(
    "target",
    [
        "/%7ex/%e2%82%ac",
        "/a/../b/./c",
        "//a//b",
        "/a?b?c=d;e=1+2,3",
        "/p;v=1?a=[1]&b=(2)*!$'",
        "/a?x=a|b&y={z}&q=%22%5B",
        "/a%zz%",
        "/a?",
        "/a?&&=",
        "/a:b@c",
        "/a?u=http://b.example/c%3Fd",
        "/a%23b?c=%23",
        "/a%20b+c",
    ],
)
async def test_no_character_of_a_url_is_written_anew(target: str) -> None:
    assert f"POST {target} HTTP/1.1" == await request_line(target)


@pytest.mark.parametrize(
    ("behind", "target"), [("", "/"), ("?x=%2F", "/?x=%2F"), ("?", "/?"), ("/", "/")]
)
async def test_a_url_without_a_path_asks_for_the_root(behind: str, target: str) -> None:
    """HTTP knows no empty path; the query stays as it is."""
    assert f"POST {target} HTTP/1.1" == await request_line(behind)


@pytest.mark.parametrize(
    ("behind", "target"),
    [("/\u00e9?q=\u20ac%2F", "/%C3%A9?q=%E2%82%AC%2F"), ("/a%2Fb#c", "/a%2Fb")],
)
async def test_what_was_put_before_it_was_refused_is_still_called(behind: str, target: str) -> None:
    """Only what no request line can hold is quoted, and a fragment left out."""
    assert f"POST {target} HTTP/1.1" == await request_line(behind)


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("https://hooks.example/\u00e9", "write it as the endpoint reads it: %C3%A9"),
        ("https://hooks.example/?q=\u65e5", "write it as the endpoint reads it: %E6%97%A5"),
        ("https://b\u00fccher.example/", "write xn--bcher-kva.example"),
        ("https://stra\u00dfe.example:8443/", "write xn--strae-oqa.example"),
        ("https://hooks.example/a#b", "write %23"),
        ("https://hooks.example/#", "write %23"),
        pytest.param(
            "https://user:word@hooks.example/",
            "leave it out",
            marks=pytest.mark.case("lead-files", "P20"),
        ),
        ("https://@hooks.example/", "leave it out"),
        ("https://hooks.example:99999/", "is not usable"),
        ("https://hooks.example:0/", "is not usable"),
        ("https://hooks.example:port/", "is not usable"),
        ("https://hooks.example\\@other.example/", "is not usable"),
        ("https://[2001:db8::1/", "is not usable"),
        ("https:///path", "is not usable"),
        ("https://:443/", "is not usable"),
        ("https://?x", "is not usable"),
    ],
)
def test_what_could_not_be_called_as_it_is_written_is_refused(url: str, fault: str) -> None:
    """With what to write instead, where there is something."""
    assert (fault_of(url) or "").endswith(fault)


@pytest.mark.parametrize(
    "url",
    [
        f"https://hooks.example{SIGNED}",
        "http://hooks.example",
        "http://hooks.example:80/x",
        "https://hooks.example:443?x=1",
        "https://[2001:db8::1]:8443/x",
        "https://192.0.2.1/x?a=b|c",
        "https://xn--bcher-kva.example/",
    ],
)
def test_what_can_be_called_as_it_is_written_is_no_fault(url: str) -> None:
    assert None is fault_of(url)
