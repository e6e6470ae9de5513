"""What the oracle asks of sends: nobody twice, no limit exceeded, every claim ended."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from cli.oracle.evidence import Document, Evidence, Received, Violation

RULE_TAKES_HOLD = timedelta(seconds=5)


def every_claim_ended(evidence: Evidence) -> Iterator[Violation]:
    """I8: a campaign has answered, unless it will do so on its send day."""
    runs = _send_days(evidence)
    for row in evidence.rows("routing", "leads"):
        for claim in row["claims"]:
            waits = claim["state"] == "waiting" and _name(row, claim) in runs
            if claim["state"] in ("claimed", "granted", "waiting") and not waits:
                text = f"lead {row['_id']}, {claim['campaign']}: still {claim['state']}"
                yield Violation("I8", text)


def _name(lead: Document, claim: Document) -> str:
    return f"{lead['tenant']}/{claim['campaign']}"


def _send_days(evidence: Evidence) -> set[str]:
    """The campaigns that will send what waits for their day."""
    due = evidence.rows("routing", "due")
    return {row["data"]["campaign"] for row in due if row["kind"] == "weekly_send"}


def weekly_sends_keep_their_day(evidence: Evidence) -> Iterator[Violation]:
    """I8: a send that waited is reserved on its day at the earliest, unless by hand."""
    for row in evidence.rows("routing", "sends"):
        until: datetime | None = None
        for entry in row["history"]:
            if entry["what"] == "waiting":
                until = datetime.fromisoformat(entry["text"].removeprefix("until "))
            is_early = until is not None and entry["at"] < until
            if entry["what"] == "reserved" and is_early and "by hand" not in entry["text"]:
                yield Violation("I8", f"send {row['_id']} did not wait for its day")


def exclusive_leads_have_one_holder(evidence: Evidence) -> Iterator[Violation]:
    """I3: at most one campaign's endpoint acted on a lead that is sold once. Those count that came
    when the policy's rule was there for some seconds."""
    since = {
        code: row["changed_at"] + RULE_TAKES_HOLD
        for row in evidence.rows("routing", "rules")
        for code in row["exclusive_lead_codes"]
    }
    sold = {
        row["_id"]
        for row in evidence.rows("routing", "leads")
        if row["lead_code"] in since and row["accepted_at"] > since[row["lead_code"]]
    }
    holders: dict[str, set[str]] = defaultdict(set)
    for one in evidence.received:
        if one.taken and one.lead in sold:
            holders[one.lead].add(one.campaign)
    for lead, campaigns in holders.items():
        if len(campaigns) > 1:
            yield Violation("I3", f"lead {lead} is sold once and has {len(campaigns)} holders")


def limits_hold(evidence: Evidence) -> Iterator[Violation]:
    """I3: per day, per ordered category and per company domain no more than was ever allowed."""
    taken: Counter[tuple[str, str, str]] = Counter()
    for row in evidence.rows("routing", "sends"):
        if row["status"] not in ("reserved", "sent", "uncertain"):
            continue
        reserved = max(entry["at"] for entry in row["history"] if entry["what"] == "reserved")
        taken[row["campaign"], "day", reserved.date().isoformat()] += 1
        taken[row["campaign"], "category", row["category"]] += 1
        for domain in row["domain"]:
            taken[row["campaign"], "domain", domain] += 1
    limits = _limits(evidence)
    for (campaign, kind, name), count in taken.items():
        limit = limits.get((campaign, kind, name), limits.get((campaign, kind, "")))
        if limit is not None and count > limit:
            yield Violation("I3", f"{campaign}: {count} of {kind} {name}, the limit is {limit}")


def _limits(evidence: Evidence) -> dict[tuple[str, str, str], int]:
    """The highest that any version allowed; one that was ever open has none."""
    found: dict[tuple[str, str, str], list[int | None]] = defaultdict(list)
    for row in evidence.rows("routing", "campaign_versions"):
        definition = json.loads(row["definition"])
        name, caps = definition["id"], definition["caps"]
        found[name, "day", ""].append(caps["day"] if definition["time_zone"] == "UTC" else None)
        found[name, "domain", ""].append(caps["per_domain"])
        for category in definition["categories"]:
            found[name, "category", category["id"]].append(category["amount"])
    return {
        which: max(limit for limit in limits if limit is not None)
        for which, limits in found.items()
        if None not in limits
    }


def nobody_is_sent_twice(evidence: Evidence) -> Iterator[Violation]:
    """I3: one key, one body per lead and campaign; one lead per person and campaign."""
    yield from _single(evidence.received, lambda one: (one.lead, one.campaign), "key")
    yield from _single(evidence.received, lambda one: (one.key,), "body_sha256")
    yield from _single(evidence.received, lambda one: (one.person, one.campaign), "lead")


def _single(
    received: Iterable[Received], group: Callable[[Received], tuple[str, ...]], name: str
) -> Iterator[Violation]:
    found: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for one in received:
        found[group(one)].add(getattr(one, name))
    for values in found.values():
        if len(values) > 1:
            yield Violation("I3", f"an endpoint saw {len(values)} different {name} for one send")


def caps_hold(evidence: Evidence) -> Iterator[Violation]:
    """I3: no endpoint acted on more leads than its campaign's cap allows."""
    taken: dict[str, set[str]] = defaultdict(set)
    for one in evidence.received:
        if one.taken:
            taken[one.campaign].add(one.key)
    for campaign, cap in _caps(evidence).items():
        if len(taken[campaign]) > cap:
            yield Violation("I3", f"{campaign}: {len(taken[campaign])} sent, the cap is {cap}")


def _caps(evidence: Evidence) -> dict[str, int]:
    caps: dict[str, int] = {}
    for row in evidence.rows("routing", "campaign_versions"):
        definition = json.loads(row["definition"])
        total = definition["caps"]["total"]
        if total is not None:
            caps[definition["id"]] = max(total, caps.get(definition["id"], 0))
    return caps


def sends_equal_events(evidence: Evidence) -> Iterator[Violation]:
    """I7: the sends rebuilt from the published events equal the stored ones, and the endpoints'."""
    stored = {
        row["_id"]: row["status"]
        for row in evidence.rows("routing", "sends")
        if row["status"] not in ("waiting", "dropped")
    }
    taken = {one.key for one in evidence.received if one.taken}
    rebuilt: dict[str, str] = {}
    for event in evidence.events("leadops.routing.lead.uncertain.v1").values():
        rebuilt[event.data()["key"]] = "uncertain"
    for status, kind in (("sent", "sent"), ("refused", "not_sent")):
        for event in evidence.events(f"leadops.routing.lead.{kind}.v1").values():
            if rebuilt.get(event.data()["key"], "uncertain") not in ("uncertain", status):
                yield Violation("I7", f"send {event.data()['key']} ended in two ways")
            rebuilt[event.data()["key"]] = status
    if stored != rebuilt:
        different = {key for key in {*stored, *rebuilt} if stored.get(key) != rebuilt.get(key)}
        yield Violation("I7", f"{len(different)} sends differ between store and events")
    for key, status in stored.items():
        if (status == "sent" and key not in taken) or (status == "refused" and key in taken):
            yield Violation("I7", f"send {key} is {status}, the endpoint disagrees")
    for key in taken - set(stored):
        yield Violation("I7", f"an endpoint acted on {key}, which is no send")


def capacity_equals_sends(evidence: Evidence) -> Iterator[Violation]:
    """I7: a campaign's slots are its sends, counted."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for row in evidence.rows("routing", "sends"):
        counted[f"{row['tenant']}/{row['campaign']}"][row["status"]] += 1
    for capacity in evidence.rows("routing", "campaign_capacities"):
        sends = counted[capacity["_id"]]
        wanted = (sends["reserved"], sends["sent"], sends["uncertain"])
        if (capacity["reserved"], capacity["used"], capacity["uncertain"]) != wanted:
            yield Violation("I7", f"{capacity['_id']}: its slots are not its sends")
