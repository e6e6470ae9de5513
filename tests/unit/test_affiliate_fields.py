"""`leadops affiliates --fields`: how far the fields of affiliates are understood."""

import pytest

from cli.intake_commands import show_fields


def test_an_affiliate_without_leads_has_no_figures(capsys: pytest.CaptureFixture[str]) -> None:
    """A page of zeros would hide the figures of the others."""
    field = {"field": "email", "filled": 3, "unknown": 1, "of": 4}
    nothing = dict.fromkeys(("filled", "unknown", "of"), 0)
    show_fields(
        [{"id": "acme", "fields": [field]}, {"id": "new", "fields": [{"field": "email"} | nothing]}]
    )
    shown = capsys.readouterr().out
    assert ("acme" in shown, "new" in shown) == (True, False)
