"""The appointments' own collections, the only file that knows their shape."""

from collections.abc import Sequence
from typing import Any

from services.appointments.meetings.dossier import Dossier
from services.appointments.orders.accounts import Account
from services.appointments.orders.counts import Counted
from services.appointments.orders.exclusions import Exclusions
from services.appointments.orders.mailbox import Mailbox
from services.appointments.orders.orders import Order
from services.appointments.orders.policy import Policy
from services.appointments.orders.preparation import Preparation
from services.appointments.slots.slots import Slot
from services.appointments.threads.threads import Thread
from shared.definitions import Version
from shared.loop.collection import Collection, collection

SCHEMA = 1
ACCOUNTS = collection("accounts", Account, schema=SCHEMA, indexes=[["tenant", "_id"]])
ORDERS = collection(
    "orders", Order, schema=SCHEMA, text=["definition"], indexes=[["tenant", "_id"]]
)
COUNTED = collection(
    "counted_meetings",
    Counted,
    schema=SCHEMA,
    indexes=[["tenant", "order", "counts", "booked_at"]],
)
PREPARATIONS = collection(
    "preparations", Preparation, schema=SCHEMA, text=["steps"], pairs=["domains"], indexes=[[]]
)
EXCLUSIONS = collection("exclusions", Exclusions, schema=SCHEMA, pairs=["entries"], indexes=[[]])
POLICIES = collection("policies", Policy, schema=SCHEMA, text=["definition"], indexes=[[]])
MAILBOXES = collection("mailboxes", Mailbox, schema=SCHEMA, text=["definition"], indexes=[[]])
SLOTS = collection(
    "slots",
    Slot,
    schema=SCHEMA,
    text=["booking", "booked"],
    queried={"is_unassigned": lambda slot: slot.booking is not None and slot.booked is None},
    indexes=[["_id", "version"], ["tenant", "is_unassigned", "_id"]],
)
DOSSIERS = collection(
    "dossiers",
    Dossier,
    schema=SCHEMA,
    text=["slots", "attended"],
    pairs=["charges"],
    queried={
        "terms": lambda dossier: dossier.terms,
        "orders": lambda dossier: dossier.orders,
        "meetings": lambda dossier: dossier.meetings,
        "states": lambda dossier: sorted({told.state for told in dossier.told}),
        "tasks": lambda dossier: dossier.tasks,
        "due_at": lambda dossier: dossier.due_at,
    },
    indexes=[
        ["_id", "version"],
        ["tenant", "account", "terms", "_id"],
        ["tenant", "account", "orders", "_id"],
        ["tenant", "meetings"],
        ["tenant", "states", "_id"],
        ["tenant", "tasks", "_id"],
        ["tenant", "due_at"],
        ["tenant", "person"],
    ],
)
THREADS = collection(
    "threads",
    Thread,
    schema=SCHEMA,
    indexes=[
        ["tenant", "account", "_id"],
        ["tenant", "meeting", "_id"],
        ["tenant", "order", "_id"],
    ],
)
VERSIONS = collection("versions", Version, schema=SCHEMA, indexes=[["of", "number"]])
COLLECTIONS: Sequence[Collection[Any]] = (
    ACCOUNTS,
    ORDERS,
    COUNTED,
    PREPARATIONS,
    EXCLUSIONS,
    POLICIES,
    MAILBOXES,
    SLOTS,
    DOSSIERS,
    THREADS,
    VERSIONS,
)
