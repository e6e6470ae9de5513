"""The sums of the main job, beside all that the oracle asks: of what was uploaded and announced,
and of what the services count and trace.

Each check yields a line for everything that does not hold; an empty run of all is what is wanted.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from cli.demo.evidence import Row, Run
from cli.demo.sending_checks import SENDING_CHECKS
from cli.oracle import oracle
from cli.oracle.claims import Pair
from cli.oracle.differing import differ, repetitions, some
from cli.oracle.evidence import fold
from shared.contracts import trace_context
from shared.contracts.intake import DeliveryReconciled, LeadHeld, LeadOmitted, LeadUnusable
from shared.contracts.routing import LeadSent

OUTCOMES = ("accepted", "held", "unusable", "omitted")


def violations(run: Run) -> list[str]:
    broken = [f"{found.invariant} {found.text}" for found in oracle.violations(run.evidence)]
    return broken + [text for check in CHECKS for text in check(run)]


def each_upload_has_one_outcome(run: Run) -> Iterator[str]:
    """INT-03: submitted = accepted + held + unusable + omitted, reference by reference."""
    for affiliate, references in run.uploaded.items():
        leads = [lead for lead in run.evidence.leads if lead.affiliate == affiliate]
        known = Counter(lead.reference for lead in leads if lead.outcome in OUTCOMES)
        yield from differ(f"{affiliate}: references with an outcome", references, known)
        if len(leads) != len(references):
            yield f"{affiliate}: {len(references)} submitted, {len(leads)} have an outcome"
    organic = [lead.reference for lead in run.evidence.leads if lead.source == "organic"]
    yield from differ("organic leads", run.story.converted, organic)


def an_alias_frees_its_batch(run: Run) -> Iterator[str]:
    """INT-07: what was held for the answer is not, and nothing else was freed by it."""
    given = run.story.alias["given"]
    held = {lead.id: lead for lead in run.evidence.leads if lead.outcome == "held"}
    still = [id_ for id_, lead in held.items() if given in {one.given for one in lead.held}]
    if still:
        yield f"held for {given!r}, which is an alias: {some(still)}"
    published = {data["lead"]: data for data in run.evidence.of_type(LeadHeld.TYPE)}
    freed = published.keys() - held
    meant = {lead for lead in freed if given in texts_in(published[lead]["answers"])}
    if len(meant) != run.story.alias["leads"]:
        yield f"{run.story.alias['leads']} were held for {given!r}, {len(meant)} are free"
    yield from differ(f"leads freed by {given!r}", meant, freed)


def texts_in(answers: Iterable[dict[str, Any]]) -> set[str]:
    return {fold(one["given"]) for one in answers}


def deliveries_are_reconciled(run: Run) -> Iterator[str]:
    """INT-10: what adds up and what does not, by one's own count; the planted gap is found."""
    reconciled = {data["affiliate"]: data for data in run.evidence.of_type(DeliveryReconciled.TYPE)}
    yield from differ("reconciled deliveries", run.uploaded, reconciled)
    first = next(iter(run.uploaded))
    for affiliate, data in reconciled.items():
        missing = run.never_come if affiliate == first else ()
        yield from differ(f"{affiliate}: missing rows", missing, data["missing"])
        if affiliate != first and not data["adds_up"]:
            yield f"{affiliate}: its delivery does not add up"
    for row in run.deliveries:
        leads = [lead for lead in run.evidence.leads if lead.affiliate == row["affiliate"]]
        mine = (len(leads), sum(bool(lead.sent_to) for lead in leads))
        if (row["received"], row["sent"]) != mine:
            yield f"{row['affiliate']}: {row['received']} came, {row['sent']} sent, not {mine}"


def counts_agree(run: Run) -> Iterator[str]:
    """What a service counts is what one counts by hand."""
    for row in run.affiliate_counts:
        leads = (lead for lead in run.evidence.leads if lead.affiliate == row["id"])
        mine = Counter(lead.outcome for lead in leads)
        if any(row[outcome] != mine[outcome] for outcome in OUTCOMES):
            yield f"{row['id']}: intake counts {row}, counted by hand {dict(mine)}"
    sent = Counter(data["campaign"] for data in run.evidence.of_type(LeadSent.TYPE))
    for row in run.campaign_counts:
        if row["sent"] != sent[row["id"]]:
            yield f"{row['id']}: routing counts {row['sent']} sent, not {sent[row['id']]}"


def again_changes_nothing(run: Run) -> Iterator[str]:
    """INT-12: the same rows again. What is not accepted is published once, though it came twice."""
    before, after = run.story.before, run.story.after
    if before != after:
        yield f"again: before {before}, after {after}"
    for outcome, event in (("unusable", LeadUnusable), ("omitted", LeadOmitted)):
        published = Counter(data["lead"] for data in run.evidence.of_type(event.TYPE))
        stored = {lead.id for lead in run.evidence.leads if lead.outcome == outcome}
        yield from differ(f"leads that are {outcome}, by their events", stored, published)
        yield from repetitions(f"leads published again as {outcome}", published)


def one_trace_each(run: Run) -> Iterator[str]:
    """OPS-01: the trace that a submission began is seen in both services, and every request for the
    lead to that campaign has it and no other."""
    received: dict[Pair, set[str]] = defaultdict(set)
    for one in run.evidence.received:
        received[one.campaign, one.lead].add(trace_context.trace_id(one.traceparent))
    for pair, traceparent in run.traces.items():
        trace = trace_context.trace_id(traceparent)
        spans = run.spans.get(trace, ())
        services = {span["service"] for span in spans}
        delivered = any(span["kind"] == "client" for span in spans)
        if not (delivered and len(services) > 1 and received[pair] == {trace}):
            campaign, lead = pair
            yield f"lead {lead} to {campaign}: trace {trace or 'unknown'}, seen in {some(services)}"


def spans_are_trees(run: Run) -> Iterator[str]:
    """OPS-01: whoever starts a trace tells of its root, and every other span has a parent that was
    told."""
    for trace, spans in run.spans.items():
        ids = {span["span_id"] for span in spans}
        for span in spans:
            if span["parent_id"] is not None and span["parent_id"] not in ids:
                where = f"{span['name']!r} of {span['service']}"
                yield f"trace {trace}: the parent of {where} was not told"


def leads_are_found_by_their_ids(run: Run) -> Iterator[str]:
    """OPS-01: whoever has a lead's id finds its trace among all spans."""
    found: dict[str, set[str]] = defaultdict(set)
    for trace, spans in run.spans.items():
        for lead in {lead for span in spans for lead in leads_of(span)}:
            found[lead].add(trace)
    for (_, lead), traceparent in run.traces.items():
        if trace_context.trace_id(traceparent) not in found[lead]:
            yield f"lead {lead}: its id finds {some(found[lead]) or 'no trace'}, not its own"


def leads_of(span: Row) -> Sequence[str]:
    """One, or some."""
    value = span["attributes"].get("leadops.lead", ())
    return (value,) if isinstance(value, str) else value


def nobody_is_named(run: Run) -> Iterator[str]:
    """OPS-05: what is told of a lead is its id, in spans, logs and metrics."""
    needles = [text.lower() for text in run.evidence.personal]
    for name, text in run.outputs.items():
        lines = text.lower().splitlines()
        number = sum(any(needle in line for needle in needles) for line in lines)
        if number or not lines:
            yield f"{name}: {number} of {len(lines)} lines name a person"
    for spans in run.spans.values():
        for span in spans:
            if any(needle in json.dumps(span).lower() for needle in needles):
                yield f"the span {span['name']!r} of {span['service']} names a person"


CHECKS: Sequence[Callable[[Run], Iterator[str]]] = (
    each_upload_has_one_outcome,
    an_alias_frees_its_batch,
    deliveries_are_reconciled,
    counts_agree,
    *SENDING_CHECKS,
    again_changes_nothing,
    one_trace_each,
    spans_are_trees,
    leads_are_found_by_their_ids,
    nobody_is_named,
)
