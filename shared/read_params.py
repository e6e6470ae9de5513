"""What may be asked of a read API besides a path: parameters as models, each with the form in which
it is read. One that is given without a value is not given.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.envelope import TENANT_DEFAULT

LIMIT_DEFAULT = 100
LIMIT_MAX = 1000
FORM = "form"
"""The type of an error whose text is the form that is wanted."""
YES_OR_NO = {"true": True, "false": False}
MOMENT = {"anyOf": [{"type": "string", "format": name} for name in ("date", "date-time")]}


def wanted(form: str) -> PydanticCustomError:
    return PydanticCustomError(FORM, "{form}", {"form": form})


def _limit(given: str) -> int:
    if not (given.isascii() and given.isdigit() and len(given) < 9 and int(given)):
        raise wanted("a number from 1 on")
    return min(int(given), LIMIT_MAX)


def _yes_or_no(given: str) -> bool:
    if given not in YES_OR_NO:
        raise wanted("true or false")
    return YES_OR_NO[given]


def _moment(given: str) -> datetime:
    try:
        moment = datetime.fromisoformat(given)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise wanted("a day or an instant, such as 2026-03-01 or 2026-03-01T09:00Z") from None


def _end(given: str) -> datetime:
    """A day that ends a range is meant whole."""
    moment = _moment(given)
    if len(given) <= len("2026-01-01"):
        return datetime.combine(moment, time(23, 59, 59, 999_000), UTC)
    return moment


Limit = Annotated[int, BeforeValidator(_limit), Field(ge=1)]
YesOrNo = Annotated[bool, BeforeValidator(_yes_or_no)]
Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema(MOMENT)]
EndMoment = Annotated[datetime, BeforeValidator(_end), WithJsonSchema(MOMENT)]


class Asked(BaseModel):
    """What is asked of every service."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def without_blanks(cls, given: Mapping[str, Any]) -> Mapping[str, Any]:
        return {name: value for name, value in given.items() if value != ""}


class OfTenant(Asked):
    tenant: str = TENANT_DEFAULT
    """The operator on whose behalf everything is kept apart."""


Tenant = Annotated[OfTenant, Query()]


class Limited(Asked):
    limit: Limit = LIMIT_DEFAULT
    """How many at most; never more than 1,000."""


class Page(OfTenant, Limited):
    """So much of a list, in its order."""

    after: str | None = None
    """The `next` of the page before."""
