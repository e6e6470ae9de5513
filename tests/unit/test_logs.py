"""What the services tell of themselves names no person."""

from shared.telemetry import redact


def test_a_log_line_keeps_known_fields_and_masks_addresses() -> None:
    entry = {"event": "step failed", "error": "no ann@mail.example here", "shards": [1, 2]}
    assert {**entry, "error": "no [address] here"} == redact(None, "info", entry)


def test_a_field_that_nobody_allowed_is_not_told() -> None:
    assert {"event": "x", "person": "[not allowed]"} == redact(
        None, "info", {"event": "x", "person": "Ann Canaryson"}
    )


def test_addresses_are_masked_at_any_depth_and_in_exceptions() -> None:
    entry = {"errors": [{"at": ValueError("<ann@mail.example>")}]}
    assert {"errors": [{"at": "<[address]>"}]} == redact(None, "info", entry)
