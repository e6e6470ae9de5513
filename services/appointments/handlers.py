"""What the appointments do with each event: what is read for it, and what decides it."""

from collections.abc import Sequence

from services.appointments.decisions import orders as ordering
from services.appointments.decisions import people, threads
from services.appointments.meetings import reports
from services.appointments.meetings.dossier import JudgeMeetings
from services.appointments.meetings.reports import ReviewIsDue
from services.appointments.orders import (
    accounts,
    counts,
    exclusions,
    mailbox,
    policy,
    preparation,
)
from services.appointments.slots import slots
from shared.contracts.accounts import AccountState
from shared.contracts.appointments import (
    BookMeeting,
    CancelMeeting,
    DecideReview,
    MeetingCounted,
    MoveMeeting,
    PersonToJudge,
    RecordAttendance,
    RecordCall,
    ReportNoShow,
    ReportOffTarget,
    SlotAttended,
    SlotBooked,
    SlotCancelled,
    SlotGone,
    SlotLinked,
    SlotMoved,
    SlotMovedFrom,
    SlotReported,
    SlotStated,
    WithdrawReport,
)
from shared.contracts.orders import (
    AcceptOrder,
    ExcludeProspects,
    ExclusionsChanged,
    InterruptOrder,
    MailboxChanged,
    MoveStep,
    OrderInterrupted,
    PutBusinessDays,
    PutMailbox,
    PutOrder,
    PutPreparation,
    RecordCost,
    SendEmail,
    TickDomain,
)
from shared.contracts.threads import NoticeGiven, RecordMessage
from shared.loop.table import Row, on, one


def rows(secret: str) -> Sequence[Row]:
    """`secret` keys the pseudonyms of persons."""
    prepare = ordering.prepare
    booking, about = ordering.Booking(secret), people.about_meeting
    return (
        # In the account's, the order's and the house's shard.
        one(AccountState, accounts.account_of, accounts.note),
        one(ExcludeProspects, exclusions.exclusions_of, exclusions.add),
        one(PutBusinessDays, policy.put_of, policy.put),
        one(PutMailbox, mailbox.put_of, mailbox.put),
        on(PutOrder, ordering.put, reads=ordering.put_reads),
        one(AcceptOrder, ordering.order_of, ordering.accept),
        on(InterruptOrder, ordering.interrupt, reads=ordering.reads),
        on(NoticeGiven, ordering.note_notice, reads=ordering.reads),
        on(RecordMessage, threads.record, reads=threads.reads),
        on(PutPreparation, prepare(preparation.put), reads=ordering.prepare_reads),
        on(MoveStep, prepare(preparation.move_step), reads=ordering.prepare_reads),
        on(TickDomain, prepare(preparation.tick_domain), reads=ordering.prepare_reads),
        on(RecordCost, prepare(preparation.record_cost), reads=ordering.prepare_reads),
        on(SendEmail, ordering.send_email, reads=ordering.email_reads),
        one(MeetingCounted, counts.counted_of, counts.note),
        on(ExclusionsChanged, ordering.recheck, reads=ordering.recheck_reads),
        on(OrderInterrupted, ordering.recheck, reads=ordering.recheck_reads),
        on(MailboxChanged, ordering.recheck, reads=ordering.recheck_reads),
        # In the slot's shard.
        on(BookMeeting, booking.book, reads=ordering.book_reads),
        one(MoveMeeting, slots.slot_of, slots.move),
        one(SlotMovedFrom, slots.slot_of, slots.moved_from),
        one(CancelMeeting, slots.slot_of, slots.cancel),
        one(RecordAttendance, slots.slot_of, slots.attend),
        one(SlotLinked, slots.slot_of, slots.link),
        one(SlotStated, slots.slot_of, slots.keep),
        # In the person's shard.
        on(SlotBooked, people.note, reads=people.reads, cuts=True),
        on(SlotMoved, people.note, reads=people.reads),
        on(SlotCancelled, people.note, reads=people.reads),
        on(SlotAttended, people.note, reads=people.reads),
        on(SlotReported, people.note, reads=people.reads),
        on(SlotGone, people.note, reads=people.reads),
        on(ReportOffTarget, about(reports.report_off_target), reads=people.reads),
        on(ReportNoShow, about(reports.report_no_show), reads=people.reads),
        on(WithdrawReport, about(reports.withdraw_report), reads=people.reads),
        on(DecideReview, about(reports.decide_review), reads=people.reads),
        on(RecordCall, about(reports.record_call), reads=people.reads),
        on(PersonToJudge, people.judge, reads=people.reads),
        on(JudgeMeetings, people.judge, reads=people.reads),
        on(ReviewIsDue, about(reports.alert), reads=people.reads),
    )
