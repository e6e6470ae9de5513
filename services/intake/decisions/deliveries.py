"""Deliveries are announced and reconciled, and what is asked of affiliates is opened."""

from dataclasses import dataclass

from services.intake.decisions.lookup import Lookup
from services.intake.deliveries import deliveries, requests
from services.intake.deliveries.deliveries import Delivery, Reconcile, delivery_of, leads_of
from services.intake.deliveries.requests import Remind, Request, request_of
from shared.contracts.affiliates import AnnounceDelivery, OpenRequest
from shared.loop.decision import Context, Decision
from shared.loop.working_set import Reads, Ref, WorkingSet


@dataclass(frozen=True, slots=True)
class Deliveries:
    lookup: Lookup

    def announce_reads(
        self, _state: WorkingSet, command: AnnounceDelivery, context: Context
    ) -> Reads:
        yield [delivery_of(context.tenant, command.affiliate, command.id)]

    def announce(self, state: WorkingSet, command: AnnounceDelivery, context: Context) -> Decision:
        before = state.get(delivery_of(context.tenant, command.affiliate, command.id))
        affiliate = self.lookup.affiliate(state, context.tenant, command.affiliate)
        return deliveries.announce(command, before, affiliate, context.cause)

    def reconcile_reads(self, state: WorkingSet, due: Reconcile, _context: Context) -> Reads:
        ref = Ref(Delivery, due.delivery)
        yield [ref]
        if delivery := state.get(ref):
            yield [leads_of(delivery)]

    def reconcile(self, state: WorkingSet, due: Reconcile, context: Context) -> Decision:
        delivery = state.get(Ref(Delivery, due.delivery))
        if delivery is None:
            return Decision()
        came = state.page(leads_of(delivery)).rows
        affiliate = self.lookup.affiliate(state, context.tenant, delivery.announced.affiliate)
        return deliveries.reconcile(delivery, came, affiliate, context.cause, context.now)

    def open_reads(self, _state: WorkingSet, command: OpenRequest, context: Context) -> Reads:
        yield [request_of(command, context)]

    def open_request(self, state: WorkingSet, command: OpenRequest, context: Context) -> Decision:
        affiliate = self.lookup.affiliate(state, context.tenant, command.affiliate)
        before = state.get(request_of(command, context))
        return requests.open_(command, before, affiliate, context.cause, context.now)


def request_to_remind(due: Remind, _context: Context) -> Ref[Request]:
    return Ref(Request, due.request)
