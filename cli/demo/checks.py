"""The sums that have to hold, computed with code that shares nothing with the services'.

Each check yields a line for everything that does not hold; an empty run of all is what is wanted.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from cli.demo.claims import Pair
from cli.demo.differing import differ, repeated, some
from cli.demo.evidence import Evidence, Row
from cli.demo.sending_checks import SENDING_CHECKS
from cli.oracle.evidence import folded
from shared.contracts.intake import (
    DeliveryReconciled,
    LeadAccepted,
    LeadHeld,
    LeadOmitted,
    LeadUnusable,
)
from shared.contracts.routing import LeadSent

OUTCOMES = ("accepted", "held", "unusable", "omitted")


def violations(evidence: Evidence) -> list[str]:
    return [text for check in CHECKS for text in check(evidence)]


def each_upload_has_one_outcome(evidence: Evidence) -> Iterator[str]:
    """INT-03: submitted = accepted + held + unusable + omitted, reference by reference."""
    for affiliate, references in evidence.uploaded.items():
        leads = [lead for lead in evidence.leads if lead["affiliate"] == affiliate]
        known = Counter(lead["reference"] for lead in leads if lead["outcome"] in OUTCOMES)
        yield from differ(f"{affiliate}: references with an outcome", references, known)
        if len(leads) != len(references):
            yield f"{affiliate}: {len(references)} submitted, {len(leads)} have an outcome"
    organic = [lead["reference"] for lead in evidence.leads if lead["source"] == "organic"]
    yield from differ("organic leads", evidence.story.converted, organic)


def outcomes_were_published_once(evidence: Evidence) -> Iterator[str]:
    ends = (("accepted", LeadAccepted), ("unusable", LeadUnusable), ("omitted", LeadOmitted))
    for outcome, event in ends:
        published = Counter(data["lead"] for data in evidence.of_type(event.TYPE))
        stored = [lead["id"] for lead in evidence.leads if lead["outcome"] == outcome]
        yield from differ(f"leads published as {outcome}", stored, published)
        yield from repeated(f"leads published twice as {outcome}", published)


def an_alias_frees_its_batch(evidence: Evidence) -> Iterator[str]:
    """INT-07: what was held for the answer is not, and nothing else was freed by it."""
    given = evidence.story.alias["given"]
    still = [lead["id"] for lead in evidence.held if given in given_in(lead["held"])]
    if still:
        yield f"held for {given!r}, which is an alias: {some(still)}"
    published = {data["lead"]: data["answers"] for data in evidence.of_type(LeadHeld.TYPE)}
    freed = set(published) - {lead["id"] for lead in evidence.held}
    meant = {lead for lead in freed if given in given_in(published[lead])}
    if len(meant) != evidence.story.alias["leads"]:
        yield f"{evidence.story.alias['leads']} were held for {given!r}, {len(meant)} are free"
    yield from differ(f"leads freed by {given!r}", meant, freed)


def given_in(held: Iterable[Row]) -> set[str]:
    return {folded(one["given"]) for one in held}


def deliveries_are_reconciled(evidence: Evidence) -> Iterator[str]:
    """INT-10: what adds up and what does not, by one's own count; the planted gap is found."""
    told = {data["affiliate"]: data for data in evidence.of_type(DeliveryReconciled.TYPE)}
    yield from differ("reconciled deliveries", evidence.uploaded, told)
    first = next(iter(evidence.uploaded))
    for affiliate, data in told.items():
        missing = evidence.never_come if affiliate == first else ()
        yield from differ(f"{affiliate}: missing rows", missing, data["missing"])
        if affiliate != first and not data["adds_up"]:
            yield f"{affiliate}: its delivery does not add up"
    for row in evidence.deliveries:
        leads = [lead for lead in evidence.leads if lead["affiliate"] == row["affiliate"]]
        mine = (len(leads), sum(bool(lead["sent_to"]) for lead in leads))
        if (row["received"], row["sent"]) != mine:
            yield f"{row['affiliate']}: {row['received']} came, {row['sent']} sent, not {mine}"


def counts_agree(evidence: Evidence) -> Iterator[str]:
    """What a service counts is what one counts by hand."""
    for told in evidence.affiliate_counts:
        mine = Counter(
            lead["outcome"] for lead in evidence.leads if lead["affiliate"] == told["id"]
        )
        if any(told[outcome] != mine[outcome] for outcome in OUTCOMES):
            yield f"{told['id']}: intake counts {told}, counted by hand {dict(mine)}"
    sent = Counter(data["campaign"] for data in evidence.of_type(LeadSent.TYPE))
    for told in evidence.campaign_counts:
        if told["sent"] != sent[told["id"]]:
            yield f"{told['id']}: routing counts {told['sent']} sent, not {sent[told['id']]}"


def nothing_is_pending(evidence: Evidence) -> Iterator[str]:
    yield from (f"pending: {name} {n}" for name, n in evidence.pending.items() if n)


def again_changes_nothing(evidence: Evidence) -> Iterator[str]:
    """INT-12: the same rows again."""
    before, after = evidence.story.before, evidence.story.after
    if before != after:
        yield f"again: before {before}, after {after}"


def one_trace_each(evidence: Evidence) -> Iterator[str]:
    """OPS-01: the trace that a submission began is seen in both services, and every request for the
    lead to that campaign has it and no other."""
    received: dict[Pair, set[str]] = defaultdict(set)
    for line in evidence.received:
        received[line["campaign"], line["lead"]].add(trace_id(line.get("traceparent")))
    for pair, traceparent in evidence.traces.items():
        trace = trace_id(traceparent)
        spans = evidence.spans.get(trace, ())
        services = {span["service"] for span in spans}
        delivered = any(span["name"].startswith("deliver") for span in spans)
        if not (delivered and len(services) > 1 and received[pair] == {trace}):
            campaign, lead = pair
            yield f"lead {lead} to {campaign}: trace {trace or 'unknown'}, seen in {some(services)}"


def trace_id(traceparent: str | None) -> str:
    parts = (traceparent or "").split("-")
    return parts[1] if len(parts) == 4 else ""


CHECKS: Sequence[Callable[[Evidence], Iterator[str]]] = (
    each_upload_has_one_outcome,
    outcomes_were_published_once,
    an_alias_frees_its_batch,
    deliveries_are_reconciled,
    counts_agree,
    *SENDING_CHECKS,
    nothing_is_pending,
    again_changes_nothing,
    one_trace_each,
)
