"""Three kinds of failure, one kind of mistake, and what the loop does about each.

    LeadopsError
    ├── Poison            this record can never succeed    -> dead-lettered with its bytes
    ├── ShardRefuses      the log and the store disagree   -> this shard stops, the others go on
    ├── NotLoaded         a mistake in the program         -> the batch fails, its input is hunted
    └── Infrastructure    store or broker, nothing decided -> back off, open again, read again
        ├── Conflict      a guard fired: someone else wrote first
        ├── Contended     another transaction was first  -> decided again, with what lies in hand
        ├── Fenced        another process has opened the shard since
        ├── NotTaken      the broker refuses these records, and would again
        ├── TooNew        only a newer version can read a document
        └── UnknownOutcome  the commit may or may not have happened

A business "no" is none of these: it is an answer (`shared.loop.decision.Refused`), never raised.
"""


class LeadopsError(Exception):
    """The root of everything that this project raises on purpose."""


class Poison(LeadopsError):
    """This record can never succeed, however often it is read."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


class ShardRefuses(LeadopsError):
    """The position read and the topic no longer fit together; a person has to decide."""


class NotLoaded(LeadopsError):
    """A decision asked for what was not loaded: what to load was forgotten."""


class Infrastructure(LeadopsError):
    """The store or the broker failed; nothing was decided about any record."""


class Conflict(Infrastructure):
    """A guard fired: another writer was first, so this transaction is read again."""


class Contended(Infrastructure):
    """Another transaction holds, or has just written, a document that this one writes too. It is
    undone, and may be tried again at once: by then the other has mostly ended."""


class Fenced(Infrastructure):
    """Another process has opened the shard since: what we know of it is old."""


class NotTaken(Infrastructure):
    """The broker is there and refuses what is published: too large, no right to, no such topic."""


class TooNew(Infrastructure):
    """A newer version wrote this document: this one would read it wrong, and lose what it does not
    know. What needs it waits until that version runs."""


class UnknownOutcome(Infrastructure):
    """The store did not say whether the transaction was committed."""
