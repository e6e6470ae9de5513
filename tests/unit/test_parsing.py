"""What is wrong with data: where, which code, in which words, and how much of it is told."""

import json
from typing import Any

import pytest

from shared.contracts import forms
from shared.contracts.affiliates import AnnounceDelivery
from shared.contracts.campaigns import PutCampaign
from shared.contracts.event import Event
from shared.contracts.forms import FAULTS_MAX
from shared.contracts.intake import ReleaseLead
from shared.contracts.lists import BlockPerson, PutList
from shared.contracts.parsing import LISTED_MAX, Invalid, parse, read
from shared.errors import Poison
from tests.builders import put_campaign

CAMPAIGN = put_campaign().model_dump(mode="json")


def invalid(kind: type[Event], data: Any) -> Invalid:
    found = read(kind, json.dumps(data).encode())
    assert isinstance(found, Invalid)
    return found


def campaign(**changes: Any) -> Invalid:
    return invalid(PutCampaign, CAMPAIGN | changes)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"customer": None}, ("wrong_type", "customer", "must be a text")),
        ({"id": "a b"}, ("wrong_form", "id", "must be a name without blanks and slashes")),
        ({"id": "a" * 201}, ("too_long", "id", "must have at most 200 characters")),
        ({"titles": {"allowed": [""]}}, ("too_short", "titles.allowed.0", "must not be blank")),
        ({"titles": {"wanted": 7}}, ("wrong_type", "titles.wanted", "must be a list")),
        ({"titles": {"allowed": [], "wanted": []}}, ("invalid", "titles", "wanted is what")),
        ({"caps": {"total": -1}}, ("out_of_bounds", "caps.total", "must be 0 or more")),
        ({"caps": {"total": True}}, ("wrong_type", "caps.total", "must be a whole number")),
        ({"caps": {"day": "10"}}, ("wrong_type", "caps.day", "must be a whole number")),
        ({"priority": False}, ("wrong_type", "priority", "must be a whole number")),
        ({"shares": {"US": True}}, ("wrong_type", "shares.*", "must be a whole number")),
        (
            {"company_size": {"intervals": [{"min": True, "max": 50}]}},
            ("wrong_type", "company_size.intervals.0.min", "must be a whole number"),
        ),
        ({"shares": {"US": 101}}, ("out_of_bounds", "shares.*", "must be 100 or less")),
        ({"shares": {"Jane": 1}}, ("wrong_form", "shares.*", "must be a country of two")),
        ({"programme": "x"}, ("not_allowed", "programme", "must be 'standard' or 'intent'")),
        ({"weekly": {}}, ("missing", "weekly.weekday", "is needed")),
        ({"active": {"to": "x"}}, ("wrong_type", "active.to", "must be a day, such as")),
        ({"active": {"last": "x"}}, ("wrong_type", "active.last", "must be a day, such as")),
        *(
            ({"active": {"from": day}}, ("wrong_type", "active.from", "must be a day, such as"))
            for day in (0, 1767225600, "86400", "20260301", "-1.5", True)
        ),
        *(
            ({"organic": given}, ("wrong_type", "organic", "must be true or false"))
            for given in (1, 0, "yes", "true", [])
        ),
        ({"weekly": {"weekday": "monday", "at": 32400}}, ("wrong_type", "weekly.at", "must be a")),
        (
            {"weekly": {"weekday": "monday", "at": "25:00"}},
            ("wrong_type", "weekly.at", "must be a"),
        ),
        ({"send": {"mode": "x"}}, ("not_allowed", "send", "'mode' must be one of 'webhook'")),
        ({"send": {}}, ("missing", "send", "'mode' is needed")),
        ({"send": {"mode": "email"}}, ("missing", "send.to", "is needed")),
        ({"places": [{"country": "US"}, 7]}, ("wrong_type", "places.1", "must be an object")),
        ({"company_size": {"intervals": []}}, ("too_short", "company_size.intervals", "must have")),
        ({"time_zone": "Mars"}, ("time_zone_unknown", "time_zone", "must be an IANA name")),
        ({"time_zone": "a\0b"}, ("time_zone_unknown", "time_zone", "must be an IANA name")),
        ({"time_zone": ""}, ("time_zone_unknown", "time_zone", "must be an IANA name")),
    ],
)
def test_a_fault_has_its_code_its_field_and_its_words(
    changes: dict[str, Any], told: tuple[str, str, str]
) -> None:
    """The field as the sender wrote it, also under the name that it had before."""
    code, field, words = told
    (fault,) = campaign(**changes).faults
    assert (code, field, f"{field}: {words}") == (
        fault.code,
        fault.field,
        fault.text[: len(field) + len(words) + 2],
    )


@pytest.mark.parametrize(
    "given", ["2026-03-01T09:00:00", 1772355600, "1772355600", 1772355600000, 1.77e9, "2026-03-01"]
)
def test_an_instant_is_written_with_its_offset(given: object) -> None:
    """A number of seconds, or of milliseconds, would be guessed by its size."""
    (fault,) = invalid(PutList, {"id": "l", "effective_from": given}).faults
    assert ("wrong_type", "effective_from") == (fault.code, fault.field)


def test_blanks_are_no_reason() -> None:
    (fault,) = invalid(BlockPerson, {"person_id": "p", "reason": "  "}).faults
    assert ("too_short", "reason: must not be blank") == (fault.code, fault.text)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"time_zone": "Mars"}, "time_zone_unknown"),
        ({"time_zone": "Mars", "priority": "high"}, "invalid"),
        ({"priority": "high"}, "invalid"),
    ],
)
def test_a_declared_code_counts_alone(changes: dict[str, Any], code: str) -> None:
    assert code == campaign(**changes).code


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"null", b"7", b'"text"', b"{} {}", b"\xef\xbb\xbf{}", b'{"\xff": 1}'],
)
def test_what_is_no_json_object_has_no_fields_to_tell_of(data: bytes) -> None:
    with pytest.raises(Poison) as poison:
        read(PutCampaign, data)
    assert "not_json" == poison.value.code


def test_an_event_that_is_none_can_never_be_read() -> None:
    """Its text is that of the refusal."""
    with pytest.raises(Poison) as poison:
        parse(PutCampaign, json.dumps(CAMPAIGN | {"customer": 7}).encode())
    assert ("invalid", "customer: must be a text") == (poison.value.code, poison.value.text)


A_B = {f"a b{number}": number for number in range(9_000)}


@pytest.mark.parametrize(
    ("kind", "data", "count", "told"),
    [
        (PutCampaign, CAMPAIGN | {"lead_codes": [7] * FAULTS_MAX}, FAULTS_MAX, FAULTS_MAX),
        (
            PutCampaign,
            CAMPAIGN | {"lead_codes": [7] * (FAULTS_MAX + 1)},
            FAULTS_MAX + 1,
            FAULTS_MAX,
        ),
        (PutCampaign, CAMPAIGN | {"lead_codes": [7] * LISTED_MAX}, LISTED_MAX, FAULTS_MAX),
        (
            PutCampaign,
            CAMPAIGN | {"lead_codes": [7] * (LISTED_MAX + 1)},
            LISTED_MAX + 1,
            FAULTS_MAX,
        ),
        (
            PutCampaign,
            CAMPAIGN | {"lead_codes": ["A"] * FAULTS_MAX + [7] * LISTED_MAX},
            LISTED_MAX,
            FAULTS_MAX,
        ),
        (PutCampaign, CAMPAIGN | {"lead_codes": ["A"] * FAULTS_MAX + [7] * 20_000}, 20_000, 0),
        (AnnounceDelivery, {"references": [7] * 100_000}, 100_005, FAULTS_MAX),
        (ReleaseLead, {"affiliate": "a", "reference": "r", "answers": A_B}, 18_000, FAULTS_MAX),
    ],
)
def test_so_many_are_told_and_the_others_counted(
    kind: type[Event], data: Any, count: int, told: int
) -> None:
    """Of very many only what is wrong in the beginning of lists and mappings; the count is true,
    and no field seems to be missing that is there."""
    found = invalid(kind, data)
    assert (told, count) == (len(found.faults), len(found.faults) + found.more)
    assert (count - told or None) == found.details.get("more")
    assert [] == [one for one in found.faults if one.code == "missing" and one.field in data]


def test_the_words_for_kinds_are_those_of_the_library() -> None:
    """A code of ours that begins alike has its own words."""
    assert "time_zone_unknown" not in forms.OF_PYDANTIC
    assert forms.CODES.keys() <= forms.OF_PYDANTIC


@pytest.mark.parametrize(("given", "expected"), [(10, 10), (10.0, 10), (1e1, 10), (None, None)])
def test_whole_numbers_may_be_written_as_spreadsheets_do(given: Any, expected: int | None) -> None:
    """The twins of truth values and texts, which are none."""
    found = read(PutCampaign, json.dumps(CAMPAIGN | {"caps": {"total": given}}).encode())
    assert isinstance(found, PutCampaign)
    assert expected == found.caps.total


def test_of_two_values_under_one_name_the_last_counts() -> None:
    """As most readers of JSON have it; a data set with both is nothing to rely on."""
    twice = json.dumps(CAMPAIGN).encode()[:-1] + b', "priority": 1, "priority": 7}'
    found = read(PutCampaign, twice)
    assert isinstance(found, PutCampaign)
    assert 7 == found.priority


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"company_size": {"intervals": [{"min": 0}]}}, ["company_size.intervals.0.min"]),
        ({"company_size": {"intervals": [7]}}, ["company_size.intervals.0"]),
        ({"lead_codes": [7, "A"], "priority": "x"}, ["lead_codes.0", "priority"]),
        (
            {"company_revenue": {"currency": "EUR", "intervals": [{"max": -1}, {"min": None}]}},
            ["company_revenue.intervals.0.max", "company_revenue.intervals.1.min"],
        ),
        ({"company_size": {"intervals": []}}, ["company_size.intervals"]),
    ],
)
def test_a_list_whose_items_are_wrong_is_not_too_short(
    changes: dict[str, Any], fields: list[str]
) -> None:
    """The last one is: it has none."""
    found = campaign(**changes)
    assert (fields, 0) == ([fault.field for fault in found.faults], found.more)
