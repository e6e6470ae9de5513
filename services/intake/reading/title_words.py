"""The words of job titles, read from `titles.toml` once and checked as they are read: a code that
no campaign could name, a phrase without a word, or one with two meanings stops the service.
"""

import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, model_validator

from shared.contracts.lead_fields import FUNCTIONS, SENIORITIES

DATA = Path(__file__).with_name("titles.toml")


def _split(text: str) -> tuple[str, ...]:
    phrases = tuple(" ".join(phrase.split()) for phrase in text.split(","))
    if not all(phrase.strip("| ") for phrase in phrases):
        raise ValueError("a phrase has no word")
    return phrases


def _seniority(code: str) -> str:
    if code not in SENIORITIES:
        raise ValueError("no seniority that a campaign could name")
    return code


def _function(code: str) -> str:
    if code not in FUNCTIONS:
        raise ValueError("no function that a campaign could name")
    return code


Phrases = Annotated[tuple[str, ...], BeforeValidator(_split)]
Functions = dict[Annotated[str, AfterValidator(_function)], Phrases]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Level(_Table):
    code: Annotated[str, AfterValidator(_seniority)] | None = None
    phrases: Phrases = ()
    manager_of: Phrases = ()

    @property
    def all_phrases(self) -> tuple[str, ...]:
        return (*self.phrases, *(f"{thing} manager" for thing in self.manager_of))


class Words(_Table):
    no_job: Phrases
    before_to: Phrases
    no_function: Phrases
    short_for: dict[str, Phrases]
    seniority: tuple[Level, ...]
    roles: Functions
    fields: Functions
    attributes: Functions
    last_resort: Functions

    @property
    def by_function(self) -> Iterator[tuple[str, Phrases]]:
        for table in (self.roles, self.fields, self.attributes, self.last_resort):
            yield from table.items()

    @model_validator(mode="after")
    def _one_meaning_each(self) -> Self:
        _once(short for shorts in self.short_for.values() for short in shorts)
        _once(phrase for level in self.seniority for phrase in level.all_phrases)
        functions = [phrase for _, phrases in self.by_function for phrase in phrases]
        _once(iter([*functions, *self.no_function]))
        return self


def _once(phrases: Iterator[str]) -> None:
    if twice := [phrase for phrase, count in Counter(phrases).items() if count > 1]:
        raise ValueError(f"with two meanings: {', '.join(twice)}")


def read(text: str) -> Words:
    return Words.model_validate(tomllib.loads(text))


WORDS = read(DATA.read_text(encoding="utf-8"))
