"""The sums of sending that only the main job can do: of what operators asked for, and of campaigns
that stand still, so that who gets which lead can be told from outside (RTE-09 to RTE-16)."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from cli.demo.evidence import TAKEN, Row, Run
from cli.oracle.claims import Claims, Pair, claims_of
from cli.oracle.differing import differ, repetitions, some
from cli.oracle.wants import Judge, domains_of, is_on_route
from shared.contracts.campaigns import CHECK_CODES
from shared.contracts.intake import LeadAccepted
from shared.contracts.routing import DeliveryUnsent

OF_THE_SLOT = frozenset({"already_sent", "domain_cap", "cap_reached"})
"""What nobody can know before the campaign itself decides."""
UNSENT_RAISED_AT = 3


def weekly_campaigns_send_on_their_day(run: Run) -> Iterator[str]:
    """RTE-13: by the time that is published, since the clock goes one way here, and by what
    customers had before that day."""
    claims, by_hand = claims_of(run.evidence), sent_by_hand(run)
    sent = {
        pair
        for pair, waited in claims.waiting.items()
        if pair in claims.sent and is_before(claims.sent[pair], waited)
    }
    if too_early := sent - by_hand:
        yield f"sent before the send day: {len(too_early)}, such as {some(too_early)}"
    weekly = {campaign["id"] for campaign in run.campaigns if campaign["weekly"]}
    before = run.evidence.received[: run.story.lines_before_the_send_day]
    early = {(one.campaign, one.lead) for one in before if one.campaign in weekly}
    if early := early - by_hand:
        yield f"received before the send day: {len(early)}, such as {some(early)}"


def is_before(sent: Row, waited: Row) -> bool:
    return datetime.fromisoformat(sent["sent_at"]) < datetime.fromisoformat(waited["until"])


def sent_by_hand(run: Run) -> set[Pair]:
    """As operators tell it."""
    by_hand = [row for row in run.story.by_hand if row["code"] == "claimed"]
    return {(row["campaign"], row["lead"]) for row in by_hand}


def sends_by_hand_are_audited(run: Run) -> Iterator[str]:
    """RTE-14: what was asked by hand names who and why, and nothing else does."""
    claims, by_hand = claims_of(run.evidence), sent_by_hand(run)
    audited = {
        (pair, row["by_hand"]["by"], row["by_hand"]["reason"])
        for pair, rows in claims.claimed.items()
        for row in rows
        if row["by_hand"]
    }
    sent = [row for row in run.story.by_hand if row["code"] == "claimed"]
    meant = {((row["campaign"], row["lead"]), row["by"], row["reason"]) for row in sent}
    yield from differ("claims by hand, with who and why", meant, audited)
    yield from differ("leads sent by hand", by_hand, by_hand & claims.sent.keys())
    for row in run.story.by_hand:
        if row["code"] not in ("claimed", "not_overridable"):
            yield f"{row['lead']} by hand to {row['campaign']}: {row['code']}"


def what_is_freed_was_previewed(run: Run) -> Iterator[str]:
    """RTE-14: as many as were told before the change, the same ones, and each was sent then."""
    claims = claims_of(run.evidence)
    for change in run.story.freed:
        text = f"{change['what']}: previewed {change['previewed']}"
        freed = {
            lead
            for (campaign, lead), rows in claims.claimed.items()
            if campaign == change["campaign"] and is_freed_by(change, rows)
        }
        refused = {lead for lead in freed if claims.codes((change["campaign"], lead))}
        if len(freed) != change["previewed"]:
            yield f"{text}, freed {len(freed)}"
        yield from differ(
            f"{change['what']}: previewed leads freed",
            set(change["leads"]),
            freed & set(change["leads"]),
        )
        if unknown := {
            lead for lead in refused if claims.codes((change["campaign"], lead)) - OF_THE_SLOT
        }:
            yield f"{change['what']}: freed and refused: {some(unknown)}"
        more = change["taken_after"] - change["taken_before"]
        if more != len(freed) - len(refused):
            yield f"{text}, {len(refused)} had no slot, sent {more}"


def is_freed_by(change: Row, rows: Sequence[Row]) -> bool:
    """By a company that was not listed before, or a version that was not there before."""
    if "company" in change:
        return change["company"] in domains_of(rows[-1]["lead"])
    return bool(rows[-1]["campaign_version"] >= change["version"])


def every_accepted_lead_has_its_end(run: Run) -> Iterator[str]:
    """RTE-09: whom a campaign wants it was asked for, and nobody else; so what was not sent has its
    reasons."""
    claims, judge, by_hand = claims_of(run.evidence), run.judge, sent_by_hand(run)
    missed: list[Pair] = []
    unwanted: list[Pair] = []
    for lead in run.evidence.of_type(LeadAccepted.TYPE):
        pairs = {(each["id"], lead["lead"]): each for each in run.campaigns}
        candidates = {pair for pair, campaign in pairs.items() if not judge.codes(campaign, lead)}
        claimed = pairs.keys() & claims.claimed.keys()
        unwanted += claimed - candidates - by_hand
        # One that is sold goes no further.
        if not (judge.is_exclusive(lead) and claimed & claims.granted.keys()):
            missed += candidates - claimed
    if missed:
        yield f"wanted and not claimed: {len(missed)}, such as {some(missed)}"
    if unwanted:
        yield f"claimed and not wanted: {len(unwanted)}, such as {some(unwanted)}"


def unsent_is_counted_by_check(run: Run) -> Iterator[str]:
    """RTE-10: what a campaign's unsent leads lack, counted anew; every check has a known code."""
    claims, judge = claims_of(run.evidence), run.judge
    leads = run.evidence.of_type(LeadAccepted.TYPE)
    unsent = {
        row["id"]: {code: n for code, n in row["unsent"].items() if n}
        for row in run.campaign_counts
    }
    for campaign in run.campaigns:
        mine: Counter[str] = Counter()
        for lead in leads:
            if is_on_route(campaign, lead):
                mine.update(against(campaign, lead, claims, judge))
        if (found := unsent[campaign["id"]]) != mine:
            yield f"{campaign['id']}: unsent by check {found}, counted {dict(mine)}"
    published = {code for pair in claims.refused for code in claims.codes(pair)}
    published |= {code for row in unsent.values() for code in row}
    published |= {
        code for data in run.evidence.of_type(DeliveryUnsent.TYPE) for code in data["codes"]
    }
    published |= {failing["code"] for row in run.story.why_not for failing in row["failing"]}
    if unknown := published - {*CHECK_CODES}:
        yield f"codes that nobody knows: {some(unknown)}"


def against(campaign: Row, lead: Row, claims: Claims, judge: Judge) -> set[str]:
    pair = (campaign["id"], lead["lead"])
    if pair in claims.ended:
        return set()
    return claims.codes(pair) if pair in claims.claimed else judge.codes(campaign, lead)


def unsent_deliveries_are_raised(run: Run) -> Iterator[str]:
    """RTE-16: three and more of one lead code and delivery after a day."""
    claims, at = claims_of(run.evidence), datetime.fromisoformat(run.story.watched_at)
    had = {lead for (_, lead), row in claims.sent.items() if has_happened(row["sent_at"], at)}
    waited = {
        lead for (_, lead), row in claims.waiting.items() if not has_happened(row["until"], at)
    }
    unsent = Counter(
        (lead["affiliate"], lead["lead_code"], lead["delivery"])
        for lead in run.evidence.of_type(LeadAccepted.TYPE)
        if lead["source"] == "affiliate" and lead["lead"] not in had | waited
    )
    raised = [place for place, count in unsent.items() if count >= UNSENT_RAISED_AT]
    published = [
        (data["affiliate"], data["lead_code"], data["delivery"])
        for data in run.evidence.of_type(DeliveryUnsent.TYPE)
    ]
    yield from differ("deliveries raised", raised, published)
    yield from repetitions("deliveries raised twice", Counter(published))
    if not published:
        yield "no delivery was raised"


def has_happened(moment: str, at: datetime) -> bool:
    return datetime.fromisoformat(moment) <= at


def failures_have_their_ends(run: Run) -> Iterator[str]:
    """RTE-15: what failed was sent at last. Nobody refuses for good here, and all come round, so
    nothing is left unsent or uncertain."""
    claims = claims_of(run.evidence)
    failed = {one.key for one in run.evidence.received if one.status != TAKEN}
    sent = {row["key"] for row in claims.sent.values()}
    yield from differ("keys answered", sent, sent & {one.key for one in run.answered})
    yield from differ("keys that failed and were sent", failed, failed & sent)
    yield from differ("sends that ended otherwise", (), claims.ended - claims.sent.keys())


SENDING_CHECKS: Sequence[Callable[[Run], Iterator[str]]] = (
    weekly_campaigns_send_on_their_day,
    sends_by_hand_are_audited,
    what_is_freed_was_previewed,
    every_accepted_lead_has_its_end,
    unsent_is_counted_by_check,
    unsent_deliveries_are_raised,
    failures_have_their_ends,
)
