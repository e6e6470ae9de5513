"""How the local customer behaves and what it writes down: pure parts of receiver.py, mailbox.py.

Signatures follow Standard Webhooks. The timestamp's age is not checked: it carries the stack's
virtual time, which may be months ahead.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy

KEY = b"webhook-id"
TRACE = b"traceparent"

HANG_SECONDS = 3600.0
NONSENSE = b"what was it that you wanted?\r\n\r\n"

DEFAULTS: Mapping[str, Mapping[str, object]] = {
    "ok": {},
    "slow": {},
    "late": {"seconds": 15.0},
    "fail": {},
    "flaky": {"share": 0.3, "anew": True},
    "redirect": {"status": 302},
    "hang": {"seconds": HANG_SECONDS},
    "nonsense": {},
    "close": {},
}
"""Every mode, with what it has different from the rest. `late` is later than anybody waits."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    """As in HTTP; 0 is none. A mail server's reply says the same in its own numbers."""
    seconds: float = 0.0
    """How long it is waited for."""
    instead: bytes | None = None
    """Said in the answer's place, before the connection is closed."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    mode: str = "ok"
    seconds: float = 1.0
    status: int = 500
    share: float = 1.0
    """The share of keys to which it behaves so; all other leads are taken. The same key has the
    same fate in every run."""
    anew: bool = False
    """Drawn with each attempt, so that a key that fails may be taken later."""

    def answer(self, key: str = "", attempt: int = 0) -> Answer:
        drawn = f"{key}/{attempt}" if self.anew else key
        digest = hashlib.sha256(drawn.encode()).digest()
        if int.from_bytes(digest[:4], "big") >= self.share * 2**32:
            return Answer(200)
        match self.mode:
            case "fail" | "flaky" | "redirect":
                return Answer(self.status)
            case "slow" | "late":
                return Answer(200, self.seconds)
            case "hang":
                return Answer(0, self.seconds, b"")
            case "nonsense":
                return Answer(0, instead=NONSENSE)
            case "close":
                return Answer(0, instead=b"")
        return Answer(200)


class Behaviours:
    """Per campaign; what is told for `*` holds for all that were not told anything themselves."""

    def __init__(self) -> None:
        self.of: dict[str, Behaviour] = {}
        self.default = Behaviour()

    def tell(self, campaign: str, **how: object) -> None:
        mode = how.get("mode", "ok")
        if mode not in DEFAULTS:
            raise ValueError(f"unknown mode {mode!r}, not one of {', '.join(DEFAULTS)}")
        changed = {**DEFAULTS[str(mode)], **how}
        behaviour = Behaviour(**changed)  # type: ignore[arg-type]  # outside data, checked by its use
        if campaign == "*":
            self.of, self.default = {}, behaviour
        else:
            self.of[campaign] = behaviour

    def for_campaign(self, campaign: str) -> Behaviour:
        return self.of.get(campaign, self.default)

    def as_json(self) -> dict[str, object]:
        behaviours = {"*": self.default} | self.of
        return {campaign: asdict(behaviour) for campaign, behaviour in behaviours.items()}


def secret_bytes(secret: str) -> bytes:
    """Of two, the newer one: customers check with one."""
    return base64.b64decode(secret.split()[0].removeprefix("whsec_")) if secret else b""


def is_signed(secret: bytes, headers: Mapping[bytes, bytes], body: bytes) -> bool:
    """Several signatures may be given, parted by spaces, while a secret is being changed."""
    signed = b"%b.%b.%b" % (
        headers.get(b"webhook-id", b""),
        headers.get(b"webhook-timestamp", b""),
        body,
    )
    digest = b"v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256))
    signatures = headers.get(b"webhook-signature", b"").split(b" ")
    return any(hmac.compare_digest(digest, one) for one in signatures)


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

    def answer(self, key: str, intended: Answer) -> Answer:
        """What it says to this key where the campaign's behaviour wants this. Who gives no answer
        has taken the lead all the same; a server's error says nothing, and is not remembered."""
        if key in self.refused:
            return Answer(self.refused[key])
        if key in self.taken:
            return Answer(200) if is_refusal(intended.status) else intended
        if is_refusal(intended.status):
            self.refused[key] = intended.status
        elif intended.status < 300:
            self.taken.add(key)
        return intended


def is_refusal(status: int) -> bool:
    """Definite, other than: come back later (408, 425, 429), or: I don't know you (401)."""
    return 300 <= status < 500 and status not in (401, 408, 425, 429)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A lead as it came: by webhook, by mail or as a file."""

    key: str
    campaign: str
    lead: object
    body: bytes
    trace: str = ""


def from_webhook(campaign: str, headers: Mapping[bytes, bytes], body: bytes) -> Delivery:
    key, trace = (headers.get(name, b"").decode("latin-1") for name in (KEY, TRACE))
    return Delivery(key, campaign, content_of(body).get("lead"), body, trace)


def from_mail(message: bytes) -> Delivery:
    """Its body is its first JSON attachment, which can be compared with a webhook's; the whole
    message if there is none."""
    mail = message_from_bytes(message, policy=policy.default)
    attached = [one for one in mail.walk() if one.get_content_type() == "application/json"]
    body = attached[0].get_payload(decode=True) if attached else message
    assert isinstance(body, bytes)
    key = mail["X-Leadops-Key"] or (mail["Message-ID"] or "").strip("<>")
    lead = mail["X-Leadops-Lead"] or content_of(body).get("lead")
    return Delivery(key, mail["X-Leadops-Campaign"] or "", lead, body)


def from_file(key: str, body: bytes) -> Delivery:
    """Nothing comes with it: what it is about stands in its content."""
    content = content_of(body)
    campaign, trace = (str(content.get(name) or "") for name in ("campaign", "traceparent"))
    return Delivery(key, campaign, content.get("lead"), body, trace)


def line(delivery: Delivery, status: int, *, taken: bool) -> str:
    fields = {
        "key": delivery.key,
        "lead": delivery.lead,
        "campaign": delivery.campaign,
        "body_sha256": hashlib.sha256(delivery.body).hexdigest(),
        "at": datetime.now(UTC).isoformat(),
        "status": status,
        "taken": taken,
    }
    if person := person_of(content_of(delivery.body)):
        fields["person_sha256"] = person
    if delivery.trace:
        fields["traceparent"] = delivery.trace
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
