"""What is put through: submissions of generated rows, and the affiliate that they belong to."""

from datetime import UTC, datetime
from hashlib import blake2b

from deploy.sample import generate
from services.intake.catalogue.affiliates import Affiliate
from services.intake.leads.leads import lead_id
from services.intake.reading import cells, folding, phones, places, revenues, sizes, titles
from shared import hosts
from shared.companies import domains
from shared.contracts import envelope as envelopes
from shared.contracts.affiliates import PutAffiliate
from shared.contracts.envelope import Envelope
from shared.contracts.intake import SubmitLead
from shared.loop.log import Outgoing
from shared.loop.working_set import ref_by_name
from shared.topics import manifest, shard_of

SECRET = "a secret of the benchmarks"
AFFILIATE = "infuse-media"
CATEGORIES = ("101", "102", "205", "310")


def definition() -> PutAffiliate:
    return PutAffiliate.model_validate(generate.affiliate_definition(AFFILIATE))


def affiliate() -> Affiliate:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Affiliate(
        ref_by_name(Affiliate, "main", AFFILIATE).id, 0, "main", 1, definition(), at, "bench"
    )


def dirty(count: int, seed: int) -> list[Outgoing]:
    """As in life: some people twice, one row in ten unusable."""
    rows = generate.rows(count, seed, AFFILIATE)
    return [submission(row, f"{seed}-{number}") for number, row in enumerate(rows)]


def clean(count: int, seed: int) -> list[tuple[str, Outgoing]]:
    """New persons, usable, each wanted by exactly one of the campaigns; with the lead's id."""
    found = []
    for number, row in enumerate(generate.rows(count, seed, AFFILIATE)):
        reference = f"{seed}-{number}"
        own = {
            "Business Email": f"person{reference}@northgrid.example",
            "IM Code": "INT-FFA-ESF-2541",
            "Asset Category ID": CATEGORIES[number % len(CATEGORIES)],
            "Country Name": "US",
        }
        lead = lead_id("main", AFFILIATE, reference)
        found.append((lead, submission(row | own, reference)))
    return found


def submission(row: dict[str, str], reference: str) -> Outgoing:
    command = SubmitLead(affiliate=AFFILIATE, reference=reference, record=row)
    data = command.model_dump_json().encode()
    key = f"{AFFILIATE}:{reference}".encode()
    digest = blake2b(key, digest_size=24).hexdigest()
    envelope = Envelope(
        id=f"bench-{reference}",
        source="bench",
        type=SubmitLead.TYPE,
        time=datetime.now(UTC),
        data=data,
        actor="bench",
        role="operator",
        trace=f"00-{digest[:32]}-{digest[32:]}-00",
    )
    partition = shard_of(key, manifest().partitions)
    return Outgoing(SubmitLead.TOPIC, partition, key, data, envelopes.write(envelope))


def sampled(records: list[Outgoing], one_in: int) -> list[Outgoing]:
    """The same records, and of every `one_in`-th the sender asks that its trace be kept."""
    return [
        _sampled(record) if number % one_in == 0 else record
        for number, record in enumerate(records)
    ]


def _sampled(record: Outgoing) -> Outgoing:
    headers = [
        (name, value[:-2] + b"01" if name == "traceparent" and value else value)
        for name, value in record.headers
    ]
    return Outgoing(record.topic, record.partition, record.key, record.value, headers)


def forget_what_was_read() -> None:
    """Empties the caches of normalizing, or a second run over the same rows would be a gift."""
    cached = (
        hosts.host_name,
        domains.website,
        domains.registrable,
        domains.other_domains,
        phones.phone,
        revenues.revenue,
        sizes.size,
        titles.classify,
        places.place,
        places.country,
        folding.fold,
        cells.word_meaning,
    )
    for function in cached:
        function.cache_clear()
