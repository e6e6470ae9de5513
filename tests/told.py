"""What was told of meetings, as the oracle takes it: a fact's fields, and of which kind it is."""

from dataclasses import asdict

from cli.oracle.evidence import Document
from services.appointments.meetings.facts import (
    Booked,
    Called,
    Cancelled,
    Excluded,
    Fact,
    Interrupted,
    Moved,
    ReportedAbsent,
    ReportedOffTarget,
    Reviewed,
    WithdrewReport,
)

KINDS: dict[type[Fact], str] = {
    Booked: "booked",
    Moved: "moved",
    Cancelled: "cancelled",
    ReportedOffTarget: "off_target",
    Reviewed: "reviewed",
    ReportedAbsent: "absent",
    WithdrewReport: "withdrew",
    Called: "called",
    Excluded: "excluded",
    Interrupted: "interrupted",
}


def document(fact: Fact) -> Document:
    return asdict(fact) | {"kind": KINDS[type(fact)]}
