"""What a stack shall run, written by `up` and carried out by the supervisor.

It outlives the stack: the secret that keys pseudonyms must stay the same as long as the data does.
"""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from deploy.files import CHECKOUT, read_json, write_json
from deploy.process import WrongRequest
from shared.topics import manifest

FILE = "plan.json"


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
    """A new plan that keeps the secrets of the former one."""
    former = read_json(var / FILE)
    kept = {key: former[key] for key in ("token", "secret", "webhook_secret") if key in former}
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
