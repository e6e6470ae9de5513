"""What the oracle asks of sends: nobody twice, no cap exceeded, every claim ended."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cli.oracle.claims import Claims, claims_of
from cli.oracle.differing import differ, repetitions, several, some
from cli.oracle.evidence import Campaign, Document, Evidence, Received, Send
from cli.oracle.wants import domains_of
from shared.contracts.routing import LeadNotSent, LeadSent, LeadUncertain

RULE_TAKES_HOLD = timedelta(seconds=5)
PERIODS = ("day", "week", "month")


def every_claim_ended(evidence: Evidence) -> Iterator[str]:
    """A campaign has answered and the send has ended, unless it will do so on its send day."""
    claims = claims_of(evidence)
    waits = {pair for pair in claims.waiting if pair[0] in evidence.sending_later}
    answered = {*claims.granted, *claims.refused, *claims.waiting}
    yield from differ("claims answered", claims.claimed, answered)
    decided = claims.waiting.keys() & {*claims.granted, *claims.refused}
    yield from differ("waiting claims decided", claims.waiting.keys() - waits, decided - waits)
    yield from differ("granted claims that ended", claims.granted, claims.ended)


def refusals_have_reasons(evidence: Evidence) -> Iterator[str]:
    """Who asks why a lead was not sent is told."""
    refused = claims_of(evidence).refused
    without = [pair for pair, data in refused.items() if not data["failing"]]
    yield from differ("refusals without a reason", (), without)


def routed_claims_ended(evidence: Evidence) -> Iterator[str]:
    """Whom the answers are for knows them."""
    for lead in evidence.inside.routed if evidence.inside else ():
        for campaign, state in lead.claims:
            waits = state == "waiting" and campaign in evidence.sending_later
            if state in ("claimed", "granted", "waiting") and not waits:
                yield f"lead {lead.id}, {campaign}: still {state}"


def weekly_sends_keep_their_day(evidence: Evidence) -> Iterator[str]:
    """A send that waited is reserved on its day at the earliest, unless by hand."""
    for send in evidence.sends:
        until: datetime | None = None
        for entry in send.history:
            if entry.what == "waiting":
                until = datetime.fromisoformat(entry.text.removeprefix("until "))
            is_early = until is not None and entry.at < until
            if entry.what == "reserved" and is_early and "by hand" not in entry.text:
                yield f"send {send.key} did not wait for its day"


def exclusive_leads_have_one_holder(evidence: Evidence) -> Iterator[str]:
    """At most one campaign got a lead that is sold once, by what was published and by what
    customers acted on."""
    sold = _sold_once(evidence)
    holders: dict[str, set[str]] = defaultdict(set)
    for one in evidence.received:
        if one.taken and one.lead in sold:
            holders[one.lead].add(one.campaign)
    for data in evidence.of_type(LeadSent.TYPE):
        if data["lead"] in sold:
            holders[data["lead"]].add(data["campaign"])
    yield from several("exclusive leads sold twice", holders.items())


def _sold_once(evidence: Evidence) -> set[str]:
    """Those that were accepted when the policy had been there for some seconds."""
    if evidence.policy is None:
        return set()
    routed = evidence.inside.routed if evidence.inside else ()
    accepted = {lead.id: lead.uploaded_at for lead in evidence.leads}
    accepted |= {lead.id: lead.accepted_at for lead in routed}
    codes, since = evidence.policy.exclusive_lead_codes, evidence.policy.since + RULE_TAKES_HOLD
    leads = (lead for lead in evidence.leads if lead.lead_code in codes)
    return {lead.id for lead in leads if accepted[lead.id] > since}


def grants_come_before_requests(evidence: Evidence) -> Iterator[str]:
    """No customer hears of a send of which the person's shard could not know."""
    early = {one.key for one in evidence.received if not one.was_granted}
    if early:
        yield f"requests before their grant was published: {some(early)}"


def nobody_is_sent_twice(evidence: Evidence) -> Iterator[str]:
    """One key, one body per lead and campaign; one lead per person and campaign, by what was
    published and by whom customers got."""
    received = evidence.received
    keys = _group(received, lambda one: ((one.campaign, one.lead), one.key))
    yield from several("leads received under several keys", keys)
    bodies = _group(received, lambda one: (one.key, one.body_sha256))
    yield from several("keys received with several bodies", bodies)
    leads = _group(received, lambda one: ((one.campaign, one.person), one.lead))
    yield from several("people whom a customer got twice", leads)
    published = Counter(
        (data["campaign"], data["person_id"]) for data in evidence.of_type(LeadSent.TYPE)
    )
    yield from repetitions("people sent to a campaign twice", published)


def _group(
    received: Iterable[Received], of: Callable[[Received], tuple[object, str]]
) -> Iterable[tuple[object, set[str]]]:
    found: dict[object, set[str]] = defaultdict(set)
    for group, value in map(of, received):
        found[group].add(value)
    return found.items()


def caps_hold(evidence: Evidence) -> Iterator[str]:
    """No campaign has more than any of its versions ever allowed: in all, per day, week and month
    where it is, per ordered category and per company; nor did its customer act on more."""
    sends = _by_campaign(evidence)
    for campaign in evidence.campaigns:
        limits = _limits(campaign)
        counted = Counter(slot for counters in sends[campaign.name] for slot in counters)
        over = [
            f"{slot} {count} of {limit}"
            for slot, count in counted.items()
            if (limit := limits.get(slot, limits.get(slot.partition(" ")[0]))) is not None
            and count > limit
        ]
        if over:
            yield f"{campaign.name}: {len(over)} caps exceeded, such as {some(over)}"
        taken = {
            one.key for one in evidence.received if one.taken and one.campaign == campaign.name
        }
        if (cap := limits.get("total")) is not None and len(taken) > cap:
            yield f"{campaign.name}: cap {cap}, received {len(taken)}"


def _by_campaign(evidence: Evidence) -> dict[str, list[list[str]]]:
    """What each send that takes a slot counts under."""
    claims, found = claims_of(evidence), defaultdict[str, list[list[str]]](list)
    zones = {campaign.name: campaign.now["time_zone"] for campaign in evidence.campaigns}
    for send in evidence.sends:
        if send.takes_slot and send.campaign in zones:
            found[send.campaign].append([*_counters(send, zones[send.campaign], claims)])
    return found


def _counters(send: Send, zone: str, claims: Claims) -> Iterator[str]:
    pair = (send.campaign, send.lead)
    day = send.reserved_at.astimezone(ZoneInfo(zone))
    yield "total"
    yield from (f"day {day:%Y-%m-%d}", f"week {day:%G-%V}", f"month {day:%Y-%m}")
    if accepted := claims.leads.get(send.lead):
        yield from (f"domain {domain}" for domain in domains_of(accepted))
    if end := claims.sent.get(pair) or claims.uncertain.get(pair):
        yield f"category {end['category']}"


def _limits(campaign: Campaign) -> dict[str, int]:
    """The highest that any version allowed; what was ever open has none."""
    found: dict[str, list[int | None]] = defaultdict(list)
    has_moved = len({version["time_zone"] for version in campaign.versions.values()}) > 1
    for version in campaign.versions.values():
        caps = version["caps"]
        found["total"].append(caps["total"])
        found["domain"].append(caps["per_domain"])
        for period in PERIODS:
            found[period].append(None if has_moved else caps[period])
        for category in version["categories"]:
            found[f"category {category['id']}"].append(category["amount"])
    return {
        which: max(limit for limit in limits if limit is not None)
        for which, limits in found.items()
        if None not in limits
    }


def sends_equal_events(evidence: Evidence) -> Iterator[str]:
    """The sends rebuilt from the published events equal the stored ones."""
    sent, refused, uncertain = (
        Counter(data["key"] for data in evidence.of_type(event.TYPE))
        for event in (LeadSent, LeadNotSent, LeadUncertain)
    )
    yield from repetitions("keys published twice as sent", sent)
    yield from differ("sends that ended in two ways", (), sent.keys() & refused.keys())
    rebuilt = dict.fromkeys(uncertain, "uncertain") | dict.fromkeys(sent, "sent")
    rebuilt |= dict.fromkeys(refused, "refused")
    yield from differ("sends by their events", rebuilt.items(), _stored_outcomes(evidence).items())


def _stored_outcomes(evidence: Evidence) -> dict[str, str]:
    """What was begun, and how it stands."""
    begun = (send for send in evidence.sends if send.status not in ("waiting", "dropped"))
    return {send.key: send.status for send in begun}


def customers_have_what_was_sent(evidence: Evidence) -> Iterator[str]:
    """By its key each send is one lead that a customer has, what it refused it has not, and nothing
    else came to anybody."""
    stored, received = _stored_outcomes(evidence), {one.key for one in evidence.received}
    sent = {key for key, status in stored.items() if status == "sent"}
    refused = {key for key, status in stored.items() if status == "refused"}
    yield from differ("keys received", stored.keys() & received | sent, received)
    yield from differ("keys taken", sent, sent & evidence.taken)
    yield from differ("keys refused and taken", (), refused & evidence.taken)


def ends_tell_the_lead_as_accepted(evidence: Evidence) -> Iterator[str]:
    """Whose it is, of whom, in a category that it has, and for the customer of that version."""
    leads = claims_of(evidence).leads
    customers = {
        (campaign.name, number): version["customer"]
        for campaign in evidence.campaigns
        for number, version in campaign.versions.items()
    }
    for event in (LeadSent, LeadNotSent, LeadUncertain):
        for data in evidence.of_type(event.TYPE):
            if accepted := leads.get(data["lead"]):
                wrong = [*_untrue(data, accepted)]
                if customers.get((data["campaign"], data["campaign_version"])) != data["customer"]:
                    wrong.append("customer")
                if wrong:
                    yield f"send {data['key']} tells another {' and '.join(wrong)}"


def _untrue(data: Document, accepted: Document) -> Iterator[str]:
    yield from (
        name for name in ("person_id", "affiliate", "lead_code") if data[name] != accepted[name]
    )
    if data["category"] not in (accepted["category"], *accepted["categories"]):
        yield "category"


def customers_got_the_lead_itself(evidence: Evidence) -> Iterator[str]:
    """Under the key of a send its lead, at its campaign, and no other."""
    sends = {send.key: send for send in evidence.sends}
    for one in evidence.received:
        send = sends.get(one.key)
        if send and (send.campaign, send.lead) != (one.campaign, one.lead):
            yield f"{one.campaign} got lead {one.lead} under the key of another"


def capacity_equals_sends(evidence: Evidence) -> Iterator[str]:
    """A campaign's slots are its sends, counted."""
    counted: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for send in evidence.sends:
        counted[send.tenant, send.campaign][send.status] += 1
    for campaign in evidence.campaigns:
        sends = counted[campaign.tenant, campaign.name]
        expected = (sends["reserved"], sends["sent"], sends["uncertain"])
        if (campaign.reserved, campaign.used, campaign.uncertain) != expected:
            yield f"{campaign.name}: its slots are not its sends"
