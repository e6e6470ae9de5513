"""What a stack shall run, written by `up` and carried out by the supervisor.

It outlives the stack: the secret that keys pseudonyms must stay the same as long as the data does,
and so must the receiver's address, which campaigns have taken for their endpoints'.
"""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from deploy.files import CHECKOUT, read_json, write_json
from deploy.local.process import WrongRequest, free_ports, is_free
from shared.topics import manifest

FILE = "plan.json"
PORT = "receiver_port"
KEPT = ("token", "secret", "webhook_secret", PORT)


@dataclass(frozen=True, slots=True)
class Plan:
    commands: dict[str, list[str]]
    """What Python is told per service, such as `-m services.intake`."""
    replicas: dict[str, int]
    env: dict[str, str]
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    secret: str = field(default_factory=lambda: secrets.token_hex(32))
    webhook_secret: str = field(
        default_factory=lambda: "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    )
    receiver_port: int = field(default_factory=lambda: free_ports(1)[0])

    def count(self, service: str) -> int:
        return self.replicas.get(service, 1)


def services_here() -> dict[str, list[str]]:
    found = sorted(CHECKOUT.glob("services/*/__main__.py"))
    return {path.parent.name: ["-m", f"services.{path.parent.name}"] for path in found}


def load(var: Path) -> Plan:
    return Plan(**read_json(var / FILE))


def save(var: Path, plan: Plan) -> None:
    write_json(var / FILE, asdict(plan))


def make(
    var: Path,
    commands: Mapping[str, list[str]],
    replicas: Mapping[str, int],
    env: Mapping[str, str],
) -> Plan:
    """A new plan that keeps the secrets of the former one, and its port unless somebody has it."""
    former = read_json(var / FILE)
    kept: dict[str, Any] = {key: former[key] for key in KEPT if key in former}
    if not is_free(kept.get(PORT, 0)):
        del kept[PORT]
    return Plan(dict(commands), check_replicas(commands, replicas), dict(env), **kept)


def check_replicas(
    commands: Mapping[str, list[str]], replicas: Mapping[str, int]
) -> dict[str, int]:
    for service, count in replicas.items():
        if service not in commands:
            raise WrongRequest(f"there is no service {service!r}; there are: {', '.join(commands)}")
        if count < 0:
            raise WrongRequest(f"{service} can't have {count} replicas")
        if count > (shards := manifest().partitions):
            text = f"{service} has {shards} shards: more than {shards} replicas would have no work"
            raise WrongRequest(text)
    return dict(replicas)
