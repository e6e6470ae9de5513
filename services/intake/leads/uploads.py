"""An upload as it came and as it is kept, so that it can be decided again later.

Whoever decides a stored upload finds the time, the actor and the trace of then: what becomes of a
lead must not depend on when somebody came to mend an alias.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import JsonValue
from pydantic_core import from_json, to_json

from services.intake.catalogue.affiliates import ORGANIC
from services.intake.leads.leads import Lead, Upload, lead_id
from shared.contracts.intake import ConvertLead, SubmitLead
from shared.contracts.values import LeadSource, Reason
from shared.loop.decision import Cause


@dataclass(frozen=True, slots=True)
class Raw:
    """An upload as it came, from whichever source, now or when it was stored."""

    source: LeadSource
    affiliate: str | None
    reference: str
    record: Mapping[str, JsonValue]
    lead_code: str | None
    delivery: str | None
    replaces: str | None
    cause: Cause
    categories: tuple[str, ...] = ()
    converted_at: datetime | None = None

    @property
    def id(self) -> str:
        return lead_id(self.cause.tenant, self.affiliate or ORGANIC, self.reference)


def raw_submission(command: SubmitLead, cause: Cause) -> Raw:
    return Raw(
        "affiliate",
        command.affiliate,
        command.reference,
        command.record,
        command.lead_code,
        command.delivery,
        command.replaces,
        cause,
    )


def raw_conversion(command: ConvertLead, cause: Cause) -> Raw:
    """INT-15: no lead code, its own categories."""
    return Raw(
        "organic",
        None,
        command.reference,
        command.record,
        None,
        None,
        None,
        cause,
        command.categories,
        command.converted_at,
    )


def raw_again(lead: Lead, cause: Cause) -> Raw:
    """A stored upload, to be decided again: at the time when it was uploaded."""
    upload = lead.upload
    then = replace(
        cause,
        id=upload.command,
        time=upload.uploaded_at,
        actor=upload.uploaded_by,
        trace=upload.trace,
    )
    record = from_json(upload.record)
    return Raw(
        lead.source,
        lead.affiliate,
        lead.reference,
        record | lead.given,
        upload.lead_code,
        lead.delivery,
        lead.replaces,
        then,
        lead.categories,
        lead.converted_at,
    )


def upload_of(raw: Raw, outcome: str, reasons: tuple[Reason, ...] = ()) -> Upload:
    cause = raw.cause
    return Upload(
        to_json(raw.record).decode(),
        cause.id,
        cause.time,
        cause.actor,
        cause.trace,
        outcome,
        reasons,
        raw.lead_code,
    )
