"""A contact is one person of a tenant, whatever became of the leads (INT-04).

Who has an email is known by it, who has none by the phone (INT-15). Both may lead to two contacts
of one person: that is told, and never guessed away, since a phone may be that of many.

It remembers what the person was accepted as. A person may be uploaded in two shards at once, so it
is written under the guard of its version, and the later decision is made again.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from shared.contracts.lead_fields import Person

DUPLICATE_FOR = timedelta(days=90)
ACCEPTED_KEPT_MAX = 100
KnownBy = Literal["email", "phone"]


@dataclass(frozen=True, slots=True)
class Identity:
    """What a person is known by; its pseudonym is the id of the contact."""

    kind: KnownBy
    value: str


def identity(email: str | None, phone: str | None) -> Identity | None:
    """INT-15: of the email, else of the phone; nobody where there is neither."""
    if email:
        return Identity("email", email)
    return Identity("phone", phone) if phone else None


@dataclass(frozen=True, slots=True)
class AcceptedAs:
    """A lead that a person was accepted as."""

    lead: str
    lead_code: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Contact:
    """A person, found by the pseudonym of the normalized email, else of the phone."""

    id: str
    version: int
    tenant: str
    person: Person
    first_lead: str
    first_seen_at: datetime
    accepted: tuple[AcceptedAs, ...] = ()

    def has_duplicate(self, lead_code: str, lead: str, at: datetime) -> bool:
        """INT-05: accepted before under this lead code; a blank code is never a duplicate key."""
        return bool(lead_code) and any(
            before.lead_code == lead_code
            and before.lead != lead
            and abs(at - before.at) < DUPLICATE_FOR
            for before in self.accepted
        )

    def with_accepted(self, accepted: AcceptedAs) -> "Contact":
        return replace(self, accepted=(*self.accepted, accepted)[-ACCEPTED_KEPT_MAX:])

    def without(self, lead: str) -> "Contact":
        return replace(self, accepted=tuple(one for one in self.accepted if one.lead != lead))
