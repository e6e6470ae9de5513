"""`leadops people` and `leadops accounts`: who is not sent, and to whom nothing is sent."""

from typing import Annotated

import typer

from cli.api import Api
from cli.command import Answer, Asker, Command
from cli.documents import command_of
from cli.known import check
from cli.options import As, Reason
from cli.output import AsJson, show
from cli.publishing import demand
from cli.send_commands import about_person
from shared.contracts import event as contracts
from shared.contracts.lists import BlockPerson, RestoreAccount, SuspendAccount, UnblockPerson

Lead = Annotated[str, typer.Argument(metavar="LEAD", help="One of the person's leads.")]
Customer = Annotated[str, typer.Argument(metavar="CUSTOMER", help="As its campaigns name it.")]
ForCustomer = Annotated[
    str | None, typer.Option("--customer", help="For this customer only; otherwise for all.")
]


def register(app: typer.Typer) -> None:
    people = typer.Typer(help="People who are not to be sent.")
    people.command()(block)
    people.command()(unblock)
    app.add_typer(people, name="people")
    accounts = typer.Typer(help="Customers' accounts.")
    accounts.command()(suspend)
    accounts.command()(restore)
    app.add_typer(accounts, name="accounts")


def block(
    lead: Lead,
    reason: Reason,
    customer: ForCustomer = None,
    actor: As = "cli",
    as_json: AsJson = False,
) -> None:
    """The person is not sent any more; what was sent already stays sent."""
    if customer is not None:
        check_customer(customer)
    ask_person(BlockPerson, lead, customer, reason, actor, as_json=as_json)


def unblock(
    lead: Lead,
    reason: Reason,
    customer: ForCustomer = None,
    actor: As = "cli",
    as_json: AsJson = False,
) -> None:
    """Takes back a block that was made in the same way, for this customer or for all."""
    ask_person(UnblockPerson, lead, customer, reason, actor, as_json=as_json)


def ask_person(
    kind: type[contracts.Command],
    lead: str,
    customer: str | None,
    reason: str,
    actor: str,
    *,
    as_json: bool,
) -> None:
    command = about_person(kind, lead, {"customer": customer, "reason": reason})
    show_answer(command, f"the person of {lead}, for {customer or 'all customers'}", actor, as_json)


def suspend(customer: Customer, reason: Reason, actor: As = "cli", as_json: AsJson = False) -> None:
    """Nothing is sent to the customer until the account is restored."""
    command = command_of(SuspendAccount, customer=customer, reason=reason)
    check_customer(customer)
    show_answer(command, customer, actor, as_json)


def restore(customer: Customer, reason: Reason, actor: As = "cli", as_json: AsJson = False) -> None:
    """What is decided from now on may be sent to the customer again."""
    command = command_of(RestoreAccount, customer=customer, reason=reason)
    check_customer(customer)
    show_answer(command, customer, actor, as_json)


def check_customer(customer: str) -> None:
    """A misspelled name would be taken, and the customer go on getting leads."""
    with Api() as api:
        found = api.get("routing", "/campaigns")["campaigns"]
    check("customer", customer, sorted({campaign["customer"] for campaign in found}))


def show_answer(command: Command, whom: str, actor: str, as_json: bool) -> None:
    answer = demand(command, Asker(actor))
    text = f"{whom}: {answer.code}{others_of(answer)}"
    show(answer.as_json(), as_json=as_json, text=text)


def others_of(answer: Answer) -> str:
    """Who suspends the account too: what one lifts is his own."""
    others = answer.details.get("suspended_by", ())
    return f"; suspended by {', '.join(others)} too" if others else ""
