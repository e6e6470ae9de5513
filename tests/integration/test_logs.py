"""What real processes say: each line is JSON, with who says it, and of which span it is."""

import json
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from cli.command import Asker, Command
from cli.publishing import ask
from deploy.local.process import wait_for

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]

PAUSE = "leadops.routing.campaign.pause.v1"
NO_HTTP = "Invalid HTTP request received."


OURS = ("intake-*.log", "routing-*.log", "receiver.log")


def said(running: dict[str, Any]) -> list[dict[str, Any]]:
    folder = Path(running["var"]) / "log"
    files = [path for name in OURS for path in folder.glob(name)]
    return [json.loads(line) for path in files for line in path.read_text().splitlines()]


def of_event(running: dict[str, Any], event: str) -> list[dict[str, Any]]:
    return [line for line in said(running) if line["event"] == event]


def test_services_and_their_web_server_speak_json(running: dict[str, Any]) -> None:
    """A command that is refused is told with the trace that its sender gave it."""
    key = f"logs-{uuid4()}"
    command = Command(PAUSE, json.dumps({"campaign": key, "reason": "x"}).encode(), key)
    assert "not_permitted" == ask([command], Asker("mira", key))[command.id].code
    to = urlsplit(running["http"]["routing"])
    with socket.create_connection((to.hostname, to.port)) as connection:
        connection.sendall(b"\x16\x03\x01 no HTTP\r\n\r\n")
        connection.recv(1000)
    wait_for("the web server", 10, lambda: bool(of_event(running, NO_HTTP)))
    web = of_event(running, NO_HTTP)[-1]
    assert ("uvicorn.error", "routing", 0) == (web["logger"], web["service"], web["instance"])
    told = of_event(running, "command not permitted")
    (refused,) = [line for line in told if line["role"] == key[:40]]
    assert [32, 16] == [len(refused[name]) for name in ("trace_id", "span_id")]
    nameless = [line for line in said(running) if not {"service", "instance"} <= line.keys()]
    assert [] == nameless
