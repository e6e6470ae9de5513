"""What the oracle asks of leads: one outcome each, known to everybody who has to know."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from cli.oracle.claims import pair_of
from cli.oracle.differing import differ, repetitions
from cli.oracle.evidence import Evidence, Lead
from shared.contracts.intake import LeadAccepted, LeadOmitted, LeadUnusable
from shared.contracts.routing import LeadSent, LeadUnsent

COMMANDS = "intake.commands.v1"


def accepted_leads_are_published_once(evidence: Evidence) -> Iterator[str]:
    """What is accepted stays so, unless another upload takes its place."""
    published = _publication_counts(evidence, LeadAccepted.TYPE)
    accepted = _with_outcome(evidence, "accepted")
    replaced = _replaced_leads(evidence) & published.keys()
    yield from differ("leads published as accepted", accepted | replaced, published)
    yield from repetitions("leads published twice as accepted", published)


def other_outcomes_are_published(evidence: Evidence) -> Iterator[str]:
    """Once, and nothing else, unless more came under a lead's reference or in its place."""
    again = _replaced_leads(evidence) | _commanded_again(evidence)
    for outcome, event in (("unusable", LeadUnusable), ("omitted", LeadOmitted)):
        published = _publication_counts(evidence, event.TYPE)
        expected = _with_outcome(evidence, outcome) | again & published.keys()
        yield from differ(f"leads published as {outcome}", expected, published)
        once = {lead: count for lead, count in published.items() if lead not in again}
        yield from repetitions(f"leads published twice as {outcome}", once)


def _publication_counts(evidence: Evidence, kind: str) -> Counter[str]:
    return Counter(data["lead"] for data in evidence.of_type(kind))


def _with_outcome(evidence: Evidence, outcome: str) -> set[str]:
    return {lead.id for lead in evidence.leads if lead.outcome == outcome}


def _replaced_leads(evidence: Evidence) -> set[str]:
    return {lead.id for lead in evidence.leads if "replaced" in lead.reasons}


def _commanded_again(evidence: Evidence) -> set[str]:
    """Leads under whose key more than one command came."""
    commands: dict[str, set[str]] = defaultdict(set)
    for record in evidence.topics.get(COMMANDS, ()):
        commands[(record.key or b"").decode(errors="replace")].add(record.text("ce_id"))
    return {lead.id for lead in evidence.leads if len(commands[_key(lead)]) > 1}


def _key(lead: Lead) -> str:
    return f"{lead.affiliate or 'organic'}:{lead.reference}"


def accepted_leads_are_routed(evidence: Evidence) -> Iterator[str]:
    if evidence.inside:
        routed = {lead.id for lead in evidence.inside.routed}
        for lead in _publication_counts(evidence, LeadAccepted.TYPE).keys() - routed:
            yield f"lead {lead} was accepted and never routed"


def replaced_leads_are_not_sent(evidence: Evidence) -> Iterator[str]:
    """A lead that routing gave back has no send."""
    sends = {send.lead for send in evidence.sends if send.status == "sent"}
    for lead in sorted(_replaced_leads(evidence) & sends):
        yield f"lead {lead} was replaced and sent"


def no_upload_waits(evidence: Evidence) -> Iterator[str]:
    """Every upload that waited for the one that it replaces has ended."""
    for lead in sorted(_with_outcome(evidence, "waiting")):
        yield f"lead {lead} still waits for the one that it replaces"


def nobody_is_accepted_twice(evidence: Evidence) -> Iterator[str]:
    """Under one lead code a person is accepted once in 90 days."""
    found: dict[tuple[str | None, str], list[datetime]] = defaultdict(list)
    for lead in evidence.leads:
        if lead.outcome == "accepted" and lead.lead_code:
            found[lead.person, lead.lead_code].append(lead.uploaded_at)
    for times in found.values():
        times.sort()
        if any(later - earlier < timedelta(days=90) for earlier, later in pairwise(times)):
            yield f"a person was accepted {len(times)} times under one lead code"


def held_leads_need_a_person(evidence: Evidence) -> Iterator[str]:
    """What an alias or a changed question allows is held no longer."""
    for lead in evidence.leads:
        passes = [
            held.given in evidence.questions.get(f"{lead.tenant}/{held.question}", ())
            for held in lead.held
        ]
        if lead.outcome == "held" and all(passes):
            yield f"lead {lead.id} is held though all its answers pass"


def sent_leads_are_known(evidence: Evidence) -> Iterator[str]:
    """What routing published of a lead, intake knows, and no more: it is how leads are found."""
    sent = {pair_of(data) for data in evidence.of_type(LeadSent.TYPE)}
    known = {(campaign, lead.id) for lead in evidence.leads for campaign in lead.sent_to}
    yield from differ("sends that intake knows", sent, known)


def unsent_leads_are_raised(evidence: Evidence) -> Iterator[str]:
    """Long after the last upload each lead was sent, or is raised as unsent, once."""
    raised = _publication_counts(evidence, LeadUnsent.TYPE)
    yield from repetitions("leads raised twice", raised)
    if evidence.inside:
        routed = {lead.id for lead in evidence.inside.routed}
        yield from differ("leads raised as unsent", raised.keys() & routed, raised)
        unwatched = evidence.inside.watched | raised.keys()
        for lead in evidence.inside.routed:
            if not lead.withdrawn and lead.state != "sent" and lead.id not in unwatched:
                yield f"lead {lead.id} is unsent, not raised and not watched"


def contacts_are_unique(evidence: Evidence) -> Iterator[str]:
    """One contact of an email, and of a phone one among those that have no email."""
    contacts = Counter(evidence.inside.contacts if evidence.inside else ())
    for times in contacts.values():
        if times > 1:
            yield f"one person is {times} contacts"
