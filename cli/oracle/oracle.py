"""Judges a finished run from the outside: topics, stored documents and what the endpoints received.

It imports nothing of the services or of the loop, only their wire formats and collections, so a
mistake there can't hide itself here. Every violation names the invariant that it breaks.
"""

from collections.abc import Callable, Iterator, Sequence

from cli.oracle import leads, sends, streams
from cli.oracle.evidence import Evidence, Violation


def violations(evidence: Evidence) -> list[Violation]:
    """All that does not hold; an empty answer is what every run must end with."""
    if evidence.drained:
        return [Violation("I11", f"did not come to rest: {evidence.drained}")]
    return [found for check in CHECKS for found in check(evidence)]


CHECKS: Sequence[Callable[[Evidence], Iterator[Violation]]] = (
    streams.streams_are_dense,
    streams.events_are_published_once,
    streams.outboxes_are_empty,
    streams.everything_was_read,
    streams.every_command_has_one_outcome,
    streams.blocked_keys_wait,
    leads.leads_add_up,
    leads.replaced_leads_are_not_sent,
    leads.nobody_is_accepted_twice,
    leads.held_leads_need_a_person,
    leads.sent_leads_are_known,
    sends.every_claim_ended,
    sends.weekly_sends_keep_their_day,
    sends.exclusive_leads_have_one_holder,
    sends.limits_hold,
    leads.answers_are_true,
    leads.unsent_leads_are_raised,
    leads.contacts_are_unique,
    sends.nobody_is_sent_twice,
    sends.caps_hold,
    sends.sends_equal_events,
    sends.capacity_equals_sends,
    streams.nothing_was_unexpected,
    streams.no_personal_data_outside,
)
