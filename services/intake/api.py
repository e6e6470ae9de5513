"""Intake's read-only API: leads with their reasons and history, affiliates, counts."""

from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json
from starlette.requests import Request
from starlette.routing import Route

from services.intake.domain import OUTCOMES, Lead, Try, Upload
from services.intake.normalizing import email_address
from services.intake.store import AFFILIATES, LEADS, TRIES
from shared import read_api
from shared.ids import pseudonym
from shared.read_api import BadRequest
from shared.store import Document, Filter, Store

EQUAL_TO = {
    "affiliate": "affiliate",
    "lead_code": "lead_code",
    "delivery": "delivery",
    "outcome": "upload.outcome",
}


def routes(store: Store, secret: str) -> list[Route]:
    reader = Reader(store, secret)
    return [
        read_api.route("/leads", reader.leads),
        read_api.route("/leads/{id}", reader.lead),
        read_api.route("/affiliates", reader.affiliates),
        read_api.route("/counts", reader.counts),
    ]


class Reader:
    def __init__(self, store: Store, secret: str) -> None:
        self._store = store
        self._secret = secret

    async def leads(self, request: Request) -> Mapping[str, Any]:
        """INT-11: what is asked for together must all hold."""
        where = self._where(request)
        rows, following = await read_api.page(self._store, LEADS.name, where, request)
        return {"leads": [_summary(LEADS.from_document(row)) for row in rows], "next": following}

    async def lead(self, request: Request) -> Mapping[str, Any]:
        where = {"_id": request.path_params["id"], "tenant": read_api.tenant(request)}
        row = await read_api.one(self._store, LEADS.name, where, "lead")
        tries = await self._store.find(TRIES.name, {"lead": row["_id"]})
        return _whole(LEADS.from_document(row), [TRIES.from_document(each) for each in tries])

    async def affiliates(self, request: Request) -> Mapping[str, Any]:
        rows = await self._affiliates(request)
        return {"affiliates": [_affiliate(row) for row in rows]}

    async def counts(self, request: Request) -> Mapping[str, Any]:
        rows = await self._affiliates(request)
        names = [AFFILIATES.from_document(row).definition.id for row in rows]
        tenant = read_api.tenant(request)
        return {"affiliates": [await self._counted(tenant, name) for name in names]}

    async def _affiliates(self, request: Request) -> list[Document]:
        where = {"tenant": read_api.tenant(request)}
        return await self._store.find(AFFILIATES.name, where, sort=[("_id", 1)])

    async def _counted(self, tenant: str, affiliate: str) -> Mapping[str, Any]:
        where = {"tenant": tenant, "affiliate": affiliate}
        counts = {
            outcome: await self._store.count(LEADS.name, where | {"upload.outcome": outcome})
            for outcome in OUTCOMES
        }
        return {"id": affiliate, "submitted": sum(counts.values()), **counts}

    def _where(self, request: Request) -> Filter:
        tenant, given = read_api.tenant(request), request.query_params
        where: dict[str, Any] = {"tenant": tenant}
        where |= {path: given[name] for name, path in EQUAL_TO.items() if given.get(name)}
        if email := given.get("email"):
            where["person_id"] = self._person_id(tenant, email)
        bounds = {
            "$gte": read_api.instant(request, "from"),
            "$lte": read_api.instant(request, "to"),
        }
        if span := {operator: moment for operator, moment in bounds.items() if moment}:
            where["upload.uploaded_at"] = span
        return where

    def _person_id(self, tenant: str, email: str) -> str:
        normalized = email_address(email)
        if normalized is None:
            raise BadRequest("email")
        return pseudonym(self._secret, tenant, normalized)


def _summary(lead: Lead) -> Mapping[str, Any]:
    return {
        "id": lead.id,
        "affiliate": lead.affiliate,
        "reference": lead.reference,
        "lead_code": lead.lead_code,
        "delivery": lead.delivery,
        "category": lead.accepted.category if lead.accepted else None,
        "outcome": lead.outcome,
        "reasons": lead.upload.reasons,
        "uploaded_at": lead.upload.uploaded_at,
        "person_id": lead.person_id,
    }


def _whole(lead: Lead, tries: list[Try]) -> Mapping[str, Any]:
    uploads = [earlier.upload for earlier in tries] + [lead.upload]
    return {
        **_summary(lead),
        "trace": lead.upload.trace,
        "mapping_version": lead.mapping_version,
        "record": from_json(lead.upload.record),
        "accepted": lead.accepted.model_dump() if lead.accepted else None,
        "history": [
            _entry(upload) for upload in sorted(uploads, key=lambda each: each.uploaded_at)
        ],
    }


def _entry(upload: Upload) -> Mapping[str, Any]:
    return {
        "at": upload.uploaded_at,
        "by": upload.uploaded_by,
        "command": upload.command,
        "outcome": upload.outcome,
        "reasons": upload.reasons,
        "record": from_json(upload.record),
        "trace": upload.trace,
    }


def _affiliate(row: Document) -> Mapping[str, Any]:
    affiliate = AFFILIATES.from_document(row)
    return {
        **affiliate.definition.model_dump(mode="json"),
        "version": affiliate.number,
        "changed_at": affiliate.changed_at,
        "changed_by": affiliate.changed_by,
    }
