"""The instants on which a meeting is decided: all are comparisons of times of facts, in UTC."""

from datetime import datetime, timedelta

from services.appointments.meetings.facts import Booked

DAY = timedelta(hours=24)
DECIDED_AFTER = timedelta(minutes=5)
"""A meeting is decided a little after the instant that decides it, so that what was told at the
last moment is known; the charge is dated to the instant."""
REBOOKING = 14 * DAY
"""After a no-show report: so long a new time is looked for."""
AFTER_INTERRUPTION = 30 * DAY
FOLLOW_UP = 90 * DAY


def off_target_until(slot: Booked) -> datetime:
    """The instant at which it is too late to report that the meeting is not as ordered."""
    return slot.start


def no_show_from(slot: Booked) -> datetime:
    """The first instant at which it may be reported who did not come."""
    return slot.start


def no_show_until(slot: Booked) -> datetime:
    """The instant at which it is too late to report who did not come, and the earliest at which the
    meeting is billable."""
    return slot.start + DAY


def rebooking_until(reported_at: datetime) -> datetime:
    return reported_at + REBOOKING
