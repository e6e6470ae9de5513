"""`docker compose up --build` brings up the whole system, and it carries a lead from the host."""

import json
import subprocess
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from cli.command import Answer, Asker, Command
from cli.main import run
from cli.publishing import ask
from deploy import image
from deploy.files import try_lock, write_json
from deploy.local import plan, quiet
from deploy.local.docker_engine import DockerBackend, start_keeper
from deploy.local.health import broker_answers
from deploy.local.process import free_ports, wait_for
from tests.integration.test_lead_path import AFFILIATE, CODE, submission

pytestmark = [
    pytest.mark.docker,
    pytest.mark.stack,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("stack"),
]

SERVICES = tuple(plan.services_here())
PORTS = ("KAFKA_PORT", "MONGO_PORT", "RECEIVER_PORT", "INTAKE_PORT", "ROUTING_PORT")
TOKEN = "of-this-test"


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerBackend]:
    """All of docker-compose.yml under a project and ports of its own, found as a local stack is."""
    project = f"leadops-test-{uuid4().hex[:10]}"
    ports = {name: str(port) for name, port in zip(PORTS, free_ports(len(PORTS)), strict=True)}
    address = f"127.0.0.1:{ports['KAFKA_PORT']}"
    composed = DockerBackend(
        "compose", address, "", project, ports | {"LEADOPS_TOKEN": TOKEN}, lambda: True
    )
    image.fetch_wheels()
    composed.keeper = start_keeper(project)
    var = tmp_path_factory.mktemp("var")
    lock = try_lock(var / "supervisor.lock")
    assert lock
    with lock, pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEADOPS_VAR", str(var))
        composed.compose("up", "--detach", "--build")
        write_stack(var, composed)
        wait_for("the services to be ready", 120, lambda: all(map(ready, SERVICES, repeat(ports))))
        yield composed
        composed.stop()
    assert "" == left_of(project)


def write_stack(var: Path, composed: DockerBackend) -> None:
    """So that the command line's own publishing and reading can be used from the host."""
    http = {name: http_of(name, composed.ports) for name in SERVICES}
    rows = [
        {"service": name, "instance": 0, "http": address, "restarts": 0}
        for name, address in http.items()
    ]
    places = {"kafka": composed.address, "http": http, "processes": rows}
    write_json(var / "stack.json", places | {"token": TOKEN, "clock_file": str(var / "clock.json")})


def http_of(service: str, ports: dict[str, str]) -> str:
    return f"http://127.0.0.1:{ports[f'{service.upper()}_PORT']}"


def ready(service: str, ports: dict[str, str]) -> bool:
    try:
        return httpx.get(f"{http_of(service, ports)}/health/ready", timeout=2).is_success
    except httpx.HTTPError:
        return False


def left_of(project: str) -> str:
    """Containers, volumes and networks of the project."""
    label = f"label=com.docker.compose.project={project}"
    asked = [["ps", "--all"], ["volume", "ls"], ["network", "ls"]]
    commands = [["docker", *words, "--quiet", "--filter", label] for words in asked]
    return "".join(
        subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
        for command in commands
    )


def put(kind: str, document: dict[str, Any]) -> Command:
    return Command(kind, json.dumps(document).encode(), document["id"])


def tell(command: Command) -> Answer:
    return ask([command], Asker("test"))[command.id]


def test_a_lead_from_the_host_reaches_the_customer(composed: DockerBackend) -> None:
    """Published through the broker's port; the campaign that wants it gets it once, no other."""
    for name, codes in (("wanted", [CODE]), ("other", ["TST-XXX-YYY-9"])):
        send = {"mode": "webhook", "url": f"http://receiver:8080/campaigns/{name}"}
        campaign = {"id": name, "customer": "acme", "programme": "standard", "lead_codes": codes}
        document = campaign | {"send": send | {"secret": "default"}}
        assert tell(put("leadops.routing.campaign.put.v1", document)).accepted
    assert tell(put("leadops.intake.affiliate.put.v1", AFFILIATE)).accepted
    answer = tell(submission("compose-1", "io.compose@mail.example"))
    assert (True, "accepted") == (answer.accepted, answer.code)
    quiet.wait_quiet(60)
    lines = composed.compose("exec", "-T", "receiver", "cat", "/var/lib/leadops/received.jsonl")
    rows = [json.loads(line) for line in lines.splitlines()]
    assert [(answer.details["lead"], "wanted", 200)] == [
        (row["lead"], row["campaign"], row["status"]) for row in rows
    ]


def test_the_topics_job_made_what_the_manifest_says(composed: DockerBackend) -> None:
    """Asked from the host, the broker has every topic as it should be."""
    assert broker_answers(composed.address)
    assert 0 == run(["topics", "--json"])


@pytest.mark.parametrize("service", SERVICES)
def test_services_do_not_run_as_root(composed: DockerBackend, service: str) -> None:
    assert "10001" == composed.compose("exec", "-T", service, "id", "-u").strip()
