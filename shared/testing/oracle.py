"""Judges a finished run from the outside: topics, stored documents and what the endpoints received.

It imports nothing of the services or of the loop, only their wire formats and collections, so a
mistake there can't hide itself here. Every violation names the invariant that it breaks.
"""

from collections.abc import Callable, Iterator, Sequence

from shared.testing import lead_checks, send_checks, stream_checks
from shared.testing.evidence import Evidence, Violation


def violations(evidence: Evidence) -> list[Violation]:
    """All that does not hold; an empty answer is what every run must end with."""
    if evidence.drained:
        return [Violation("I11", f"did not come to rest: {evidence.drained}")]
    return [found for check in CHECKS for found in check(evidence)]


CHECKS: Sequence[Callable[[Evidence], Iterator[Violation]]] = (
    stream_checks.streams_are_dense,
    stream_checks.events_are_published_once,
    stream_checks.outboxes_are_empty,
    stream_checks.everything_was_read,
    stream_checks.every_command_has_one_outcome,
    stream_checks.blocked_keys_wait,
    lead_checks.leads_add_up,
    lead_checks.replaced_leads_are_not_sent,
    lead_checks.nobody_is_accepted_twice,
    lead_checks.held_leads_need_a_person,
    lead_checks.sent_leads_are_known,
    send_checks.every_claim_ended,
    send_checks.weekly_sends_keep_their_day,
    send_checks.exclusive_leads_have_one_holder,
    send_checks.limits_hold,
    lead_checks.answers_are_true,
    lead_checks.unsent_leads_are_raised,
    lead_checks.contacts_are_unique,
    send_checks.nobody_is_sent_twice,
    send_checks.caps_hold,
    send_checks.sends_equal_events,
    send_checks.capacity_equals_sends,
    stream_checks.nothing_was_unexpected,
    stream_checks.no_personal_data_outside,
)
