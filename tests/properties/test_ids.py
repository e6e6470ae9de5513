"""Derived ids, beside the standard library's."""

from uuid import uuid5

from hypothesis import given
from hypothesis import strategies as st

from shared.ids import NAMESPACE, derived_id


@given(st.lists(st.text()))
def test_a_derived_id_is_a_uuid_of_version_5(parts: list[str]) -> None:
    assert str(uuid5(NAMESPACE, "\x1f".join(parts))) == derived_id(*parts)
