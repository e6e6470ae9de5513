"""With whom a customer wants no meeting (APT-11): addresses, domains and profiles, each since
when."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit

from shared.companies.domains import domains_of
from shared.companies.terms import DOMAIN, entry
from shared.contracts.appointments import Prospect
from shared.contracts.orders import EXCLUSIONS_MAX, ExcludeProspects, ExclusionsChanged
from shared.emails import email_address
from shared.loop.decision import Accepted, Context, Decision, Publish, Refused
from shared.loop.working_set import Ref, ref_by_name
from shared.wording import quantity

EMAIL, PROFILE = "email:", "profile:"
PROFILES = ("linkedin.com", "xing.com")
"""On these an address is a person's or a company's page, and no domain of theirs."""
TERMS_AT_ONCE = 500
PLACES_TOLD_MAX = 1_000


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Exclusions:
    id: str
    version: int
    tenant: str
    account: str
    entries: Mapping[str, Entry] = field(default_factory=dict)
    """By term, the earliest."""

    def earliest(self, terms: Iterable[str]) -> Entry | None:
        """By which one of these is excluded."""
        return min((self.entries[term] for term in terms if term in self.entries), default=None)


def exclusions_of(command: ExcludeProspects, context: Context) -> Ref[Exclusions]:
    return ref_by_name(Exclusions, context.tenant, command.account)


def add(command: ExcludeProspects, before: Exclusions | None, context: Context) -> Decision:
    terms = [term_of_entry(text) for text in command.entries]
    if bad := [place for place, term in enumerate(terms) if term is None]:
        text = f"{quantity(len(bad), 'entry')} is neither a person's nor a company's"
        details = {"field": "entries", "places": bad[:PLACES_TOLD_MAX]}
        return Decision(answer=Refused("entries_invalid", text, details))
    ref, new = exclusions_of(command, context), Entry(context.cause.time, context.cause.actor)
    known = before or Exclusions(ref.id, 0, context.tenant, command.account)
    changed = {term: new for term in terms if term and _is_earlier(new, known.entries.get(term))}
    if not changed:
        return Decision(answer=Accepted("unchanged"))
    after = replace(known, entries={**known.entries, **changed})
    if len(after.entries) > EXCLUSIONS_MAX:
        text = f"{quantity(len(after.entries), 'entry')}; {EXCLUSIONS_MAX:,} are allowed"
        return Decision(answer=Refused("too_many_entries", text, {"field": "entries"}))
    answer = Accepted("added", details={"new": len(changed)})
    return Decision(save=[after], publish=list(_news(after, [*changed])), answer=answer)


def _is_earlier(new: Entry, before: Entry | None) -> bool:
    return before is None or new.at < before.at


def _news(exclusions: Exclusions, terms: list[str]) -> Iterator[Publish]:
    for first in range(0, len(terms), TERMS_AT_ONCE):
        some = tuple(terms[first : first + TERMS_AT_ONCE])
        yield Publish(ExclusionsChanged(account=exclusions.account, terms=some), exclusions.id)


def term_of_entry(text: str) -> str | None:
    """What it is compared by; None for what stands for nobody, or for many."""
    text = text.strip()
    if profile := _profile(text):
        return profile
    if "@" in text.lstrip("@"):
        address = email_address(text)
        return EMAIL + address if address else None
    term = entry(text.lstrip("@")).term
    return term if term is not None and term.startswith(DOMAIN) else None


def terms_of_prospect(prospect: Prospect) -> tuple[str, ...]:
    """By what an exclusion may name the person or the company."""
    address = email_address(prospect.email)
    sites = (prospect.company_domain,) if prospect.company_domain else ()
    found = [DOMAIN + domain for domain in domains_of(sites, address)]
    if address:
        found.append(EMAIL + address)
    if prospect.profile_url and (profile := _profile(prospect.profile_url)):
        found.append(profile)
    return tuple(dict.fromkeys(found))


def _profile(text: str) -> str | None:
    """A page on a network, without what links add to it."""
    address = urlsplit(text if "//" in text else f"//{text}")
    host = (address.hostname or "").lower()
    domain = next((each for each in PROFILES if host == each or host.endswith(f".{each}")), None)
    path = address.path.strip("/").casefold()
    return f"{PROFILE}{domain}/{path}" if domain and path else None
