"""What needs somebody's attention, as data: one kind of thing, when it costs, and the facts behind it."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, get_args

from ledger.contracts import Contract
from ledger.interval import Interval
from projections.asof import Known
from projections.figures import AsOfFigures, Figures, Instant
from projections.periods import memberships

Kind = Literal[
    "notice-not-given",
    "mail-failed",
    "support-request",
    "claim-unruled",
    "data-loss-not-alerted",
    "maintenance-unfinished",
    "administrators-old",
    "agent-silent",
    "assessment-due",
]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Attention(NamedTuple):
    """One thing that needs somebody. It is overdue once `due_ms` has passed."""

    kind: Kind
    subject: str
    """What it is about, by the name under which commands know it."""
    contracts: tuple[str, ...]
    since_ms: int
    due_ms: int
    """The last instant at which nothing is lost yet."""
    what: str = ""
    """More of it in a word: how a mail failed, how far a notice came, the hours promised for a request.

    `again` of an assessment that stands and comes to something else now, `perhaps` of one that may, because
    rounds came in late.
    """
    about: tuple[str, ...] = ()
    """Names that belong to it: platforms, agents, or the person whom a mail is for, by id."""
    positions: tuple[int, ...] = ()
    reply: str | None = None
    """What was last said of a mail, in the words of the server or of whoever could not reach it."""


class InboxItem(Figures):
    """One thing that needs somebody: since when, and until when nothing is lost yet."""

    kind: Kind
    subject: str
    contracts: tuple[str, ...]
    what: str
    reply: str | None
    """What was last said of a mail, in the words of the server or of whoever could not reach it."""
    about: tuple[str, ...]
    since: Instant
    due: Instant
    hours_left: str
    """Negative once it is overdue; cut after two decimals."""
    overdue: bool
    positions: tuple[int, ...]


class Inbox(Figures):
    """Everything that needs somebody at a moment, what costs first before what costs later."""

    as_of: AsOfFigures
    at: Instant
    """The moment at which it is looked at."""
    items: tuple[InboxItem, ...]


# ---------------------------------------------------------------- whom it concerns


def signed(known: Known) -> Sequence[tuple[str, Contract]]:
    """Every contract that was signed, by name."""
    return sorted((name, each) for name, each in known.contracts.items() if each.signed)


def concerned(contract: Contract, platforms: Iterable[str], *during: Interval) -> tuple[str, ...]:
    """Those of some platforms that belong to a contract during one of some intervals, in order, each once."""
    named = tuple(dict.fromkeys(platforms))
    belonging = memberships(contract, set(named))
    return tuple(
        platform
        for platform in named
        if any(belongs.overlaps(span) for belongs in belonging.get(platform, ()) for span in during)
    )
