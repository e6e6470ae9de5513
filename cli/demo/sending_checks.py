"""The sums of sending: who got which lead, when, how often, and why not (RTE-07 to RTE-16)."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from cli.demo.claims import Claims, Pair, claims_of
from cli.demo.differing import differ, repeated, several, some
from cli.demo.evidence import TAKEN, Evidence, Row
from cli.oracle.wants import Judge, domains_of, is_on_route
from shared.contracts.campaigns import CHECK_CODES
from shared.contracts.intake import LeadAccepted
from shared.contracts.routing import DeliveryUnsent, LeadSent

OF_THE_SLOT = frozenset({"already_sent", "domain_cap", "cap_reached"})
"""What nobody can know before the campaign itself decides."""
UNSENT_RAISED_AT = 3


def sent_is_received(evidence: Evidence) -> Iterator[str]:
    """By its key each send is one lead that a customer has, and nothing else came to anybody."""
    sent = Counter(data["key"] for data in evidence.of_type(LeadSent.TYPE))
    yield from differ("keys received", sent, {line["key"] for line in evidence.received})
    yield from differ("keys taken", sent, {line["key"] for line in evidence.taken})
    yield from repeated("keys published twice as sent", sent)


def one_key_each(evidence: Evidence) -> Iterator[str]:
    """An endpoint may see a request again, but only with the same key and body."""
    keys: dict[Pair, set[str]] = defaultdict(set)
    bodies: dict[str, set[str]] = defaultdict(set)
    for line in evidence.received:
        keys[line["campaign"], line["lead"]].add(line["key"])
        bodies[line["key"]].add(line["body_sha256"])
    yield from several("leads received under several keys", keys.items())
    yield from several("keys received with several bodies", bodies.items())


def nobody_is_sent_twice(evidence: Evidence) -> Iterator[str]:
    """RTE-08: by what was published, and by the people whom the customers got."""
    published = Counter(
        (data["campaign"], data["person_id"]) for data in evidence.of_type(LeadSent.TYPE)
    )
    yield from repeated("people sent to a campaign twice", published)
    got: dict[tuple[str, str], set[str]] = defaultdict(set)
    for line in evidence.taken:
        got[line["campaign"], line["person_sha256"]].add(line["key"])
    yield from several("people whom a customer got twice", got.items())


def claims_end(evidence: Evidence) -> Iterator[str]:
    """Each claim is answered, what waited is decided, each granted one has ended."""
    claims = claims_of(evidence)
    answered = {*claims.granted, *claims.refused, *claims.waiting}
    yield from differ("claims answered", claims.claimed, answered)
    decided = claims.waiting.keys() & {*claims.granted, *claims.refused}
    yield from differ("waiting claims decided", claims.waiting, decided)
    yield from differ("granted claims that ended", claims.granted, claims.ended)


def caps_hold(evidence: Evidence) -> Iterator[str]:
    """RTE-12, RTE-08: in all, per category, per company, and per day, week and month as they are
    where the campaign is. A send counts for the day on which it ended; here none ends on another
    day than it began."""
    claims = claims_of(evidence)
    for campaign in evidence.campaigns:
        name = campaign["id"]
        sent = [(claims.leads[lead], row) for (to, lead), row in claims.sent.items() if to == name]
        limits = dict(limits_of(campaign))
        counted = Counter(slot for lead, row in sent for slot in counters_of(campaign, lead, row))
        over = [
            f"{slot} {count} of {limit}"
            for slot, count in counted.items()
            if (limit := limits.get(slot, limits.get(slot.partition(" ")[0]))) is not None
            and count > limit
        ]
        if over:
            yield f"{name}: {len(over)} caps exceeded, such as {some(over)}"
        got = len({line["key"] for line in evidence.taken if line["campaign"] == name})
        if (total := campaign["caps"]["total"]) is not None and got > total:
            yield f"{name}: cap {total}, received {got}"


def limits_of(campaign: Row) -> Iterator[tuple[str, int | None]]:
    caps = campaign["caps"]
    yield from ((kind, caps[kind]) for kind in ("total", "day", "week", "month"))
    yield "domain", caps["per_domain"]
    for ordered in campaign["categories"]:
        yield f"category {ordered['id']}", ordered["amount"]


def counters_of(campaign: Row, lead: Row, sent: Row) -> Iterator[str]:
    day = datetime.fromisoformat(sent["sent_at"]).astimezone(ZoneInfo(campaign["time_zone"]))
    yield "total"
    yield f"day {day:%Y-%m-%d}"
    yield f"week {day:%G-%V}"
    yield f"month {day:%Y-%m}"
    yield f"category {sent['category']}"
    yield from (f"domain {domain}" for domain in domains_of(lead))


def exclusive_leads_are_sold_once(evidence: Evidence) -> Iterator[str]:
    """RTE-11."""
    codes = evidence.rules["exclusive_lead_codes"]
    leads = {lead["id"] for lead in evidence.leads if lead["lead_code"] in codes}
    buyers: dict[str, set[str]] = defaultdict(set)
    for data in (*evidence.of_type(LeadSent.TYPE), *evidence.taken):
        if data["lead"] in leads:
            buyers[data["lead"]].add(data["campaign"])
    yield from several("exclusive leads sold twice", buyers.items())


def weekly_campaigns_send_on_their_day(evidence: Evidence) -> Iterator[str]:
    """RTE-13: by the time that is published, and by what the customer had before that day."""
    claims, by_hand = claims_of(evidence), sent_by_hand(evidence)
    early = [
        pair
        for pair, row in claims.waiting.items()
        if pair in claims.sent and pair not in by_hand and is_before(claims.sent[pair], row)
    ]
    if early:
        yield f"sent before the send day: {len(early)}, such as {some(early)}"
    weekly = {campaign["id"] for campaign in evidence.campaigns if campaign["weekly"]}
    before = evidence.received[: evidence.story.lines_before_the_send_day]
    got = {(line["campaign"], line["lead"]) for line in before if line["campaign"] in weekly}
    if got - by_hand:
        yield f"received before the send day: {len(got - by_hand)}, such as {some(got - by_hand)}"


def is_before(sent: Row, waited: Row) -> bool:
    return datetime.fromisoformat(sent["sent_at"]) < datetime.fromisoformat(waited["until"])


def sent_by_hand(evidence: Evidence) -> set[Pair]:
    """As operators tell it."""
    by_hand = [row for row in evidence.story.by_hand if row["code"] == "claimed"]
    return {(row["campaign"], row["lead"]) for row in by_hand}


def sends_by_hand_are_audited(evidence: Evidence) -> Iterator[str]:
    """RTE-14: what was asked by hand names who and why, and nothing else does."""
    claims, by_hand = claims_of(evidence), sent_by_hand(evidence)
    told = {
        (pair, row["by_hand"]["by"], row["by_hand"]["reason"])
        for pair, rows in claims.claimed.items()
        for row in rows
        if row["by_hand"]
    }
    sent = [row for row in evidence.story.by_hand if row["code"] == "claimed"]
    meant = {((row["campaign"], row["lead"]), row["by"], row["reason"]) for row in sent}
    yield from differ("claims by hand, with who and why", meant, told)
    yield from differ("leads sent by hand", by_hand, by_hand & claims.sent.keys())
    for row in evidence.story.by_hand:
        if row["code"] not in ("claimed", "not_overridable"):
            yield f"{row['lead']} by hand to {row['campaign']}: {row['code']}"


def what_is_freed_was_previewed(evidence: Evidence) -> Iterator[str]:
    """RTE-14: as many as were told before the change, the same ones, and each was sent then."""
    claims = claims_of(evidence)
    for change in evidence.story.freed:
        told = f"{change['what']}: previewed {change['previewed']}"
        freed = {
            lead
            for (campaign, lead), rows in claims.claimed.items()
            if campaign == change["campaign"] and is_freed_by(change, rows)
        }
        refused = {lead for lead in freed if claims.codes((change["campaign"], lead))}
        if len(freed) != change["previewed"]:
            yield f"{told}, freed {len(freed)}"
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
            yield f"{told}, {len(refused)} had no slot, sent {more}"


def is_freed_by(change: Row, rows: Sequence[Row]) -> bool:
    """By a company that was not listed before, or a version that was not there before."""
    if "company" in change:
        return change["company"] in domains_of(rows[-1]["lead"])
    return bool(rows[-1]["campaign_version"] >= change["version"])


def every_accepted_lead_has_its_end(evidence: Evidence) -> Iterator[str]:
    """RTE-09: whom a campaign wants it was asked for, and nobody else; so what was not sent has its
    reasons."""
    claims, judge, by_hand = claims_of(evidence), judge_of(evidence), sent_by_hand(evidence)
    missed: list[Pair] = []
    unwanted: list[Pair] = []
    for lead in evidence.of_type(LeadAccepted.TYPE):
        pairs = {(each["id"], lead["lead"]): each for each in evidence.campaigns}
        wanted = {pair for pair, campaign in pairs.items() if not judge.codes(campaign, lead)}
        claimed = pairs.keys() & claims.claimed.keys()
        unwanted += claimed - wanted - by_hand
        # One that is sold goes no further.
        if not (judge.is_exclusive(lead) and claimed & claims.granted.keys()):
            missed += wanted - claimed
    if missed:
        yield f"wanted and not claimed: {len(missed)}, such as {some(missed)}"
    if unwanted:
        yield f"claimed and not wanted: {len(unwanted)}, such as {some(unwanted)}"


def unsent_is_counted_by_check(evidence: Evidence) -> Iterator[str]:
    """RTE-10: what a campaign's unsent leads lack, counted anew; every check has a known code."""
    claims, judge = claims_of(evidence), judge_of(evidence)
    leads = evidence.of_type(LeadAccepted.TYPE)
    told = {
        row["id"]: {code: n for code, n in row["unsent"].items() if n}
        for row in evidence.campaign_counts
    }
    for campaign in evidence.campaigns:
        mine: Counter[str] = Counter()
        for lead in leads:
            if is_on_route(campaign, lead):
                mine.update(against(campaign, lead, claims, judge))
        if told[campaign["id"]] != mine:
            yield f"{campaign['id']}: unsent by check {told[campaign['id']]}, counted {dict(mine)}"
    published = {code for pair in claims.refused for code in claims.codes(pair)}
    published |= {code for row in told.values() for code in row}
    published |= {code for data in evidence.of_type(DeliveryUnsent.TYPE) for code in data["codes"]}
    published |= {failing["code"] for row in evidence.story.why_not for failing in row["failing"]}
    if unknown := published - {*CHECK_CODES}:
        yield f"codes that nobody knows: {some(unknown)}"


def against(campaign: Row, lead: Row, claims: Claims, judge: Judge) -> set[str]:
    pair = (campaign["id"], lead["lead"])
    if pair in claims.ended:
        return set()
    return claims.codes(pair) if pair in claims.claimed else judge.codes(campaign, lead)


def judge_of(evidence: Evidence) -> Judge:
    return Judge(evidence.rules, evidence.lists, {})


def unsent_deliveries_are_raised(evidence: Evidence) -> Iterator[str]:
    """RTE-16: three and more of one lead code and delivery after a day."""
    claims, at = claims_of(evidence), datetime.fromisoformat(evidence.story.watched_at)
    had = {lead for (_, lead), row in claims.sent.items() if happened(row["sent_at"], at)}
    waited = {lead for (_, lead), row in claims.waiting.items() if not happened(row["until"], at)}
    unsent = Counter(
        (lead["affiliate"], lead["lead_code"], lead["delivery"])
        for lead in evidence.of_type(LeadAccepted.TYPE)
        if lead["source"] == "affiliate" and lead["lead"] not in had | waited
    )
    raised = [place for place, count in unsent.items() if count >= UNSENT_RAISED_AT]
    published = [
        (data["affiliate"], data["lead_code"], data["delivery"])
        for data in evidence.of_type(DeliveryUnsent.TYPE)
    ]
    yield from differ("deliveries raised", raised, published)
    yield from repeated("deliveries raised twice", Counter(published))
    if not published:
        yield "no delivery was raised"


def happened(moment: str, at: datetime) -> bool:
    return datetime.fromisoformat(moment) <= at


def failures_have_their_ends(evidence: Evidence) -> Iterator[str]:
    """RTE-15: what failed was sent at last. Nobody refuses for good here, and all come round, so
    nothing is left unsent or uncertain."""
    claims = claims_of(evidence)
    failed = {line["key"] for line in evidence.received if line["status"] != TAKEN}
    sent = {row["key"] for row in claims.sent.values()}
    yield from differ("keys that failed and were sent", failed, failed & sent)
    yield from differ("sends that ended otherwise", (), claims.ended - claims.sent.keys())


SENDING_CHECKS: Sequence[Callable[[Evidence], Iterator[str]]] = (
    one_key_each,
    sent_is_received,
    nobody_is_sent_twice,
    claims_end,
    caps_hold,
    exclusive_leads_are_sold_once,
    weekly_campaigns_send_on_their_day,
    sends_by_hand_are_audited,
    what_is_freed_was_previewed,
    every_accepted_lead_has_its_end,
    unsent_is_counted_by_check,
    unsent_deliveries_are_raised,
    failures_have_their_ends,
)
