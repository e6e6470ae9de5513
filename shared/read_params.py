"""What may be asked of a read API besides a path: parameters as models, each with the form in which
it is read. One that is given without a value is not given.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Annotated, Any

from fastapi import Query
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError, core_schema

from shared.contracts.envelope import TENANT_DEFAULT

LIMIT_DEFAULT = 100
LIMIT_MAX = 1000
FORM = "form"
"""The type of an error whose text is the form that is wanted."""
YES_OR_NO = {"true": True, "false": False}
A_MOMENT = "a day or an instant, such as 2026-03-01 or 2026-03-01T09:00Z"
_LOST_PLUS = re.compile(r".*:\d\d(?:\.\d+)? \d\d:?\d\d")
_WEEK = re.compile(r"\d{4}-?W.*")
MOMENT = {"anyOf": [{"type": "string", "format": name} for name in ("date", "date-time")]}


def form_error(form: str) -> PydanticCustomError:
    return PydanticCustomError(FORM, "{form}", {"form": form})


def up_to(most: int) -> BeforeValidator:
    """A number from 1 on; more than there may be is as many as there may be. It stands behind the
    bound, so that a schema has it."""

    def number(text: str) -> int:
        digits = text.lstrip("0")
        if not (digits.isascii() and digits.isdigit()):
            raise form_error("a number from 1 on")
        # Of thousands of digits Python makes no number.
        return most if len(digits) > len(str(most)) else min(int(digits), most)

    return BeforeValidator(number)


def _yes_or_no(text: str) -> bool:
    if text not in YES_OR_NO:
        raise form_error("true or false")
    return YES_OR_NO[text]


def _moment(text: str) -> datetime:
    if _WEEK.fullmatch(text):
        # Python reads it as a day of that week, which nobody who names a week means.
        raise form_error(A_MOMENT)
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        # In a query a plus is a blank.
        hint = "; its + is written %2B" if _LOST_PLUS.fullmatch(text) else ""
        raise form_error(A_MOMENT + hint) from None


def _end(text: str) -> datetime:
    """A day that ends a range is meant whole."""
    moment = _moment(text)
    if len(text) <= len("2026-01-01"):
        return datetime.combine(moment, time(23, 59, 59, 999_000), UTC)
    return moment


@dataclass(frozen=True, slots=True)
class OneOf:
    """A word of a closed list: another would find nothing, which looks as if there were nothing."""

    words: tuple[str, ...]

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, *_: Any) -> dict[str, Any]:
        return {"type": "string", "enum": [*self.words]}

    def _check(self, word: str) -> str:
        if word not in self.words:
            raise form_error(f"one of {', '.join(self.words)}")
        return word


Limit = Annotated[int, Field(ge=1), up_to(LIMIT_MAX)]
YesOrNo = Annotated[bool, BeforeValidator(_yes_or_no)]
Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema(MOMENT)]
EndMoment = Annotated[datetime, BeforeValidator(_end), WithJsonSchema(MOMENT)]


class Params(BaseModel):
    """What is asked of every service. What nobody knows is refused: without a filter that has a
    slip in its name all would be found."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def without_blanks(cls, values: Mapping[str, Any]) -> Mapping[str, Any]:
        return {name: value for name, value in values.items() if value != ""}


class OfTenant(Params):
    tenant: str = TENANT_DEFAULT
    """The operator on whose behalf everything is kept apart."""


Tenant = Annotated[OfTenant, Query()]


class Limited(Params):
    limit: Limit = LIMIT_DEFAULT
    """How many at most; never more than 1,000."""


class Page(OfTenant, Limited):
    """So much of a list, in its order."""

    after: str | None = None
    """The `next` of the page before."""
