"""How the local customer endpoint behaves and what it writes down: pure parts of receiver.py.

Signatures follow Standard Webhooks. The timestamp's age is not checked: it carries the stack's
virtual time, which may be months ahead.
"""

import base64
import hashlib
import hmac
import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

HANG_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Behaviour:
    mode: str = "ok"
    seconds: float = 1.0
    status: int = 500
    share: float = 0.3

    def __post_init__(self) -> None:
        if self.mode not in ("ok", "slow", "fail", "hang", "flaky"):
            raise ValueError(f"unknown mode {self.mode!r}")

    def answer(self) -> tuple[int, float]:
        """The status to give, and how long to wait before; status 0 is never given."""
        if self.mode == "hang":
            return 0, HANG_SECONDS
        fails = self.mode == "fail" or (self.mode == "flaky" and random.random() < self.share)
        return self.status if fails else 200, self.seconds if self.mode == "slow" else 0.0


class Behaviours:
    """Per campaign; what is told for `*` holds for all that were not told anything themselves."""

    def __init__(self) -> None:
        self.of: dict[str, Behaviour] = {}
        self.default = Behaviour()

    def tell(self, campaign: str, **how: object) -> None:
        behaviour = Behaviour(**how)  # type: ignore[arg-type]  # outside data, checked by its use
        if campaign == "*":
            self.of, self.default = {}, behaviour
        else:
            self.of[campaign] = behaviour

    def for_campaign(self, campaign: str) -> Behaviour:
        return self.of.get(campaign, self.default)

    def as_json(self) -> dict[str, object]:
        told = {"*": self.default} | self.of
        return {campaign: asdict(behaviour) for campaign, behaviour in told.items()}


def secret_bytes(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix("whsec_")) if secret else b""


def is_signed(secret: bytes, headers: Mapping[bytes, bytes], body: bytes) -> bool:
    """Several signatures may be given, parted by spaces, while a secret is being changed."""
    signed = b"%b.%b.%b" % (
        headers.get(b"webhook-id", b""),
        headers.get(b"webhook-timestamp", b""),
        body,
    )
    digest = b"v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256))
    given = headers.get(b"webhook-signature", b"").split(b" ")
    return any(hmac.compare_digest(digest, one) for one in given)


class Decided:
    """What the customer made of each key. It keeps its word: a lead that it took stays taken, one
    that it refused stays refused, however often and however it is asked again."""

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self.taken: set[str] = set()
        self.refused: dict[str, int] = {}
        for row in map(json.loads, lines):
            if row.get("taken"):
                self.taken.add(row["key"])
            elif is_refusal(row["status"]):
                self.refused[row["key"]] = row["status"]

    def status(self, key: str, wanted: int) -> int:
        """The status to give where the campaign's behaviour wants this one. One that hangs (0) has
        taken the lead all the same; a server's error says nothing, and is not remembered."""
        if key in self.refused:
            return self.refused[key]
        if key in self.taken:
            return 200 if is_refusal(wanted) else wanted
        if is_refusal(wanted):
            self.refused[key] = wanted
        elif wanted < 300:
            self.taken.add(key)
        return wanted


def is_refusal(status: int) -> bool:
    """Definite, other than: come back later (408, 425, 429), or: I don't know you (401)."""
    return 400 <= status < 500 and status not in (401, 408, 425, 429)


def key_of(headers: Mapping[bytes, bytes]) -> str:
    return headers.get(b"webhook-id", b"").decode("latin-1")


def line(
    campaign: str, headers: Mapping[bytes, bytes], body: bytes, status: int, *, taken: bool
) -> str:
    content = content_of(body)
    fields = {
        "key": key_of(headers),
        "lead": content.get("lead"),
        "campaign": campaign,
        "body_sha256": hashlib.sha256(body).hexdigest(),
        "at": datetime.now(UTC).isoformat(),
        "status": status,
        "taken": taken,
    }
    if person := person_of(content):
        fields["person_sha256"] = person
    if trace := headers.get(b"traceparent"):
        fields["traceparent"] = trace.decode("latin-1")
    return json.dumps(fields) + "\n"


def content_of(body: bytes) -> dict[str, object]:
    try:
        content = json.loads(body)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def person_of(content: Mapping[str, object]) -> str | None:
    """Tells persons apart without naming them."""
    person = content.get("person")
    email = person.get("email") if isinstance(person, dict) else None
    return hashlib.sha256(str(email).encode()).hexdigest() if email else None
