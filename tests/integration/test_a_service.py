"""The service that `docs/a-service.md` shows, as a process beside those of the stack: in a checkout
that has nothing but what the page says besides."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.files import CHECKOUT
from deploy.local import clock, quiet
from deploy.local.process import free_ports, wait_for
from tests.component.test_a_service import blocks
from tests.integration.platform import WAIT_SECONDS
from tests.integration.test_publishing_examples import PUBLISH, answer_of, run

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.stack,
    pytest.mark.timeout(180),
    pytest.mark.xdist_group("stack"),
]

BOOK = "leadops.visits.visit.book.v1"


def checkout(folder: Path) -> Path:
    """As it is after the page was followed."""
    for name in ("shared", "services", "deploy"):
        shutil.copytree(
            CHECKOUT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    with (folder / "deploy" / "topics.yaml").open("a") as manifest:
        manifest.writelines(blocks("yaml"))
    visits = folder / "services" / "visits"
    visits.mkdir()
    (visits / "__init__.py").touch()
    (visits / "__main__.py").write_text("".join(blocks("text")))
    (visits / "app.py").write_text("\n\n".join(blocks("python")))
    return folder


@pytest.fixture
def visits(
    running: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[httpx.Client]:
    """Its read API."""
    port = free_ports(1)[0]
    told = {
        **{name: running[name] for name in ("kafka", "mongo", "token", "secret", "clock_file")},
        "webhook_secret": running["webhook_secret"],
        "webhook_private_targets": "true",
        "http_port": str(port),
    }
    env = {**os.environ, **{f"LEADOPS_{name.upper()}": value for name, value in told.items()}}
    monkeypatch.setenv("KAFKA", running["kafka"])
    python = [sys.executable, "-m"]
    folder = checkout(tmp_path)
    subprocess.run([*python, "deploy.topics"], cwd=folder, env=env, check=True, timeout=60)
    process = subprocess.Popen([*python, "services.visits"], cwd=folder, env=env)
    headers = {"authorization": f"Bearer {running['token']}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers) as api:
        wait_for("visits", WAIT_SECONDS, lambda: is_ready(api))
        yield api
    process.send_signal(signal.SIGTERM)
    assert 0 == process.wait(WAIT_SECONDS)


def is_ready(api: httpx.Client) -> bool:
    try:
        return api.get("/health/ready").is_success
    except httpx.TransportError:
        return False


def test_the_page_runs_as_it_is(
    visits: httpx.Client, running: dict[str, Any], tmp_path: Path
) -> None:
    """A visit is booked with the program of the documentation, and its customer is called."""
    at = clock.now(Path(running["clock_file"])) + timedelta(days=1, minutes=1)
    visit, file = f"v-{os.getpid()}", tmp_path / "book.json"
    endpoint = f"{running['receiver']}/campaigns/{visit}"
    file.write_text(json.dumps({"visit": visit, "at": at.isoformat(), "endpoint": endpoint}))
    id = run("python", PUBLISH["python"], BOOK, visit, str(file))  # noqa: A001
    assert "booked" == answer_of("python", BOOK, id)["code"]
    quiet.advance(timedelta(minutes=2), WAIT_SECONDS)
    wait_for("the reminder", WAIT_SECONDS, lambda: "reminded" == state_of(visits, visit))
    lines = (Path(running["var"]) / "received.jsonl").read_text().splitlines()
    called = [row for row in map(json.loads, lines) if row["campaign"] == visit]
    assert [200] == [row["status"] for row in called]


def state_of(visits: httpx.Client, name: str) -> str:
    (state,) = [
        each["state"] for each in visits.get("/visits").json()["visits"] if each["name"] == name
    ]
    return str(state)
