"""Leads that nobody gets: when each is raised, and when a delivery is."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.routing.person import leads, unsent
from services.routing.person.unsent import LEADS_KEPT_MAX, UnsentDelivery
from shared.contracts.routing import DeliveryUnsent, LeadStillUnsent, LeadUnsent
from shared.loop.decision import Decision
from tests.builders import NOW, cause, context, lead

WEEK = timedelta(days=7)
STILL = LeadStillUnsent(
    lead="lead-1", affiliate="acme", lead_code="INT-AAA-BBB-1", delivery="may", codes=("b", "a")
)


def looked(at: datetime) -> Decision:
    return unsent.look(leads.new_lead(lead(), 7, cause()), lambda: ["filter.place"], at)


@pytest.mark.parametrize(
    ("after", "event", "again"),
    [
        (timedelta(days=1), [LeadStillUnsent], [NOW + WEEK]),
        (WEEK - timedelta(milliseconds=1), [LeadStillUnsent], [NOW + WEEK]),
        (WEEK, [LeadUnsent], []),
        (WEEK + timedelta(days=30), [LeadUnsent], []),
    ],
)
def test_a_lead_is_raised_a_week_after_it_was_accepted(
    after: timedelta, event: list[type], again: list[datetime]
) -> None:
    """RTE-16: at the very instant of its deadline, or it would be set again and again for then."""
    decision = looked(NOW + after)
    assert event == [type(each.event) for each in decision.publish]
    assert again == [due.at for due in decision.due]


@pytest.mark.parametrize("after", [timedelta(days=1), WEEK])
def test_a_lead_that_was_sent_or_given_back_is_not_raised(after: timedelta) -> None:
    """RTE-16: also where its deadline is decided before that could take it away."""
    routed = leads.new_lead(lead(), 7, cause())
    sent = replace(routed, claims=(leads.ClaimRecord("north", 1, "sent"),))
    for one in (sent, replace(routed, withdrawn=True)):
        assert Decision() == unsent.look(one, lambda: ["filter.place"], NOW + after)


def counted(*numbers: int) -> tuple[UnsentDelivery, list[DeliveryUnsent]]:
    group, event = None, []
    for number in numbers:
        still = STILL.model_copy(update={"lead": f"lead-{number}"})
        decision = unsent.count(still, group, context())
        group = next((one for one in decision.save if isinstance(one, UnsentDelivery)), group)
        event += [each.event for each in decision.publish]
    assert group is not None
    return group, [event for event in event if isinstance(event, DeliveryUnsent)]


def test_the_first_unsent_lead_of_a_delivery_is_noted_with_whose_it_is() -> None:
    group, event = counted(1)
    id = "main/acme:INT-AAA-BBB-1:may"
    whose = ("main", "acme", "INT-AAA-BBB-1", "may")
    assert UnsentDelivery(id, 0, *whose, ("lead-1",), ("a", "b"), NOW) == group
    assert [] == event


def test_a_delivery_is_raised_once_with_its_third_unsent_lead() -> None:
    """A lead that is told twice counts once."""
    group, event = counted(1, 1, 2, 2, 3, 3, 4)
    assert [("lead-1", "lead-2", "lead-3")] == [event.leads for event in event]
    assert NOW == group.raised_at


def test_of_a_delivery_without_end_a_bounded_number_is_kept() -> None:
    group, _ = counted(1)
    full = replace(group, leads=tuple(f"lead-{number}" for number in range(LEADS_KEPT_MAX)))
    still = STILL.model_copy(update={"lead": "one more"})
    assert Decision() == unsent.count(still, full, context())
