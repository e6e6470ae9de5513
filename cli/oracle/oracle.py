"""Judges a finished run from the outside: topics, what services hold, and what customers received.

It imports nothing of the services or of the loop, only the published language, so a mistake there
can't hide itself here. Every violation names the invariant that it breaks.
"""

from collections.abc import Callable, Iterator, Sequence

from cli.oracle import appointments, leads, matches, sends, streams
from cli.oracle.evidence import Evidence, Violation

Check = Callable[[Evidence], Iterator[str]]


def violations(evidence: Evidence) -> list[Violation]:
    """All that does not hold; an empty answer is what every run must end with."""
    if evidence.drained:
        return [Violation("I11", f"did not come to rest: {evidence.drained}")]
    return [Violation(invariant, text) for invariant, check in CHECKS for text in check(evidence)]


CHECKS: Sequence[tuple[str, Check]] = (
    ("I6", streams.streams_are_dense),
    ("I6", streams.events_are_published_once),
    ("I6", streams.nothing_is_pending),
    ("I8", streams.everything_was_read),
    ("I5", streams.every_command_has_one_outcome),
    ("I5", streams.commands_are_refused_for_their_data),
    ("I5", streams.answers_are_true),
    ("I5", streams.blocked_keys_wait),
    ("I5", leads.accepted_leads_are_published_once),
    ("I7", leads.other_outcomes_are_published),
    ("I8", leads.accepted_leads_are_routed),
    ("I3", leads.replaced_leads_are_not_sent),
    ("I8", leads.no_upload_waits),
    ("I5", leads.nobody_is_accepted_twice),
    ("I8", leads.held_leads_need_a_person),
    ("I7", leads.sent_leads_are_known),
    ("I8", sends.every_claim_ended),
    ("I7", sends.refusals_have_reasons),
    ("I8", sends.routed_claims_ended),
    ("I8", sends.weekly_sends_keep_their_day),
    ("I3", sends.exclusive_leads_have_one_holder),
    ("I5", leads.unsent_leads_are_raised),
    ("I5", leads.contacts_are_unique),
    ("I3", sends.nobody_is_sent_twice),
    ("I3", sends.caps_hold),
    ("I7", sends.sends_equal_events),
    ("I7", sends.customers_have_what_was_sent),
    ("I7", sends.ends_tell_the_lead_as_accepted),
    ("I7", sends.customers_got_the_lead_itself),
    ("I7", sends.grants_come_before_requests),
    ("I7", sends.capacity_equals_sends),
    ("I3", matches.claims_fit_campaigns),
    ("I4", appointments.meetings_are_billed_once),
    ("I7", appointments.meetings_are_told_as_they_are),
    ("I5", appointments.reports_are_refused_for_their_window),
    ("I5", appointments.interruptions_take_effect_in_time),
    ("I5", appointments.reviews_end_in_time),
    ("I5", streams.nothing_was_unexpected),
    ("I10", streams.no_personal_data_outside),
)
"""By the invariant that each holds up."""
