"""How the local customer endpoint behaves and what it writes down: pure parts of receiver.py.

Signatures follow Standard Webhooks. The timestamp's age is not checked: it carries the stack's
virtual time, which may be months ahead.
"""

import base64
import hashlib
import hmac
import json
import random
from collections.abc import Mapping
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


def line(campaign: str, headers: Mapping[bytes, bytes], body: bytes, status: int) -> str:
    fields = {
        "key": headers.get(b"webhook-id", b"").decode("latin-1"),
        "lead": lead_of(body),
        "campaign": campaign,
        "body_sha256": hashlib.sha256(body).hexdigest(),
        "at": datetime.now(UTC).isoformat(),
        "status": status,
    }
    if trace := headers.get(b"traceparent"):
        fields["traceparent"] = trace.decode("latin-1")
    return json.dumps(fields) + "\n"


def lead_of(body: bytes) -> object:
    try:
        content = json.loads(body)
    except ValueError:
        return None
    return content.get("lead") if isinstance(content, dict) else None
