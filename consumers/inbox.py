"""The inbox as a person reads it: one sentence for each thing that needs somebody, in English."""

from collections.abc import Callable, Mapping

from pydantic import Field

from consumers.pages.harmless import harmless_text
from projections.attention import Inbox, InboxItem, Kind
from projections.figures import AsOfFigures, Figures, Instant

_WHY = {
    "not-tried": "no mail about it was tried",
    "attempted": "its mail has no answer yet",
    "unanswered": "the mail server does not answer",
    "refused": "its mail was refused",
    "bounced": "its mail came back",
    "abandoned": "nobody's address is known",
}
_FAILED = {"bounced": "came back", "refused": "was refused", "no-address": "has no address"}


class ToldItem(InboxItem):
    """One thing that needs somebody, with a sentence that says so."""

    sentence: str


class ToldInbox(Figures):
    """Everything that needs somebody at a moment, what costs first before what costs later."""

    as_of: AsOfFigures
    at: Instant
    overdue: int = Field(ge=0)
    """How many of the items are overdue; the command leaves with 1 if any is."""
    items: tuple[ToldItem, ...]


def told(inbox: Inbox) -> ToldInbox:
    """An inbox with its sentences."""
    return ToldInbox(
        as_of=inbox.as_of,
        at=inbox.at,
        overdue=sum(each.overdue for each in inbox.items),
        items=tuple(ToldItem(**dict(each), sentence=sentence(each)) for each in inbox.items),
    )


def sentence(item: InboxItem) -> str:
    """What needs somebody, and how long there is."""
    return harmless_text(f"{_SENTENCES[item.kind](item)}: {left(item)}")


def left(item: InboxItem) -> str:
    """`late in 1.99 h`, or `late since 0.50 h`."""
    if item.overdue:
        return f"late since {item.hours_left.removeprefix('-')} h"
    return f"late in {item.hours_left} h"


def _whose(item: InboxItem) -> str:
    return ", ".join(item.contracts) or "no contract"


def _notice(item: InboxItem) -> str:
    return f"no administrator of {_whose(item)} has the notice of {item.subject} ({_WHY[item.what]})"


def _mail(item: InboxItem) -> str:
    return (
        f"the mail about {item.subject} to {item.about[0]} of {_whose(item)} {_FAILED[item.what]}; "
        "reach them another way or correct the list"
    )


def _request(item: InboxItem) -> str:
    return f"request {item.subject} of {_whose(item)} has no answer, of which {item.what} h were promised"


def _claim(item: InboxItem) -> str:
    return f"claim {item.subject} ({_whose(item)}) has no ruling, and its period is assessed without one"


def _loss(item: InboxItem) -> str:
    return (
        f"the administrators of {', '.join(item.about)} ({_whose(item)}) were not alerted of the lost data "
        f"of incident {item.subject}"
    )


def _maintenance(item: InboxItem) -> str:
    if item.what == "withdrawn":
        return f"maintenance {item.subject} ({_whose(item)}) is at work although its notice was withdrawn"
    if item.overdue:
        return f"maintenance {item.subject} ({_whose(item)}) runs over what was announced, unfinished"
    return f"maintenance {item.subject} ({_whose(item)}) is at work and to be finished"


def _list(item: InboxItem) -> str:
    return f"the list of administrators of {_whose(item)} grows too old; synchronise it"


def _agent(item: InboxItem) -> str:
    return f"nothing came from agent {item.subject} ({_whose(item)}) since {item.since}"


def _assessment(item: InboxItem) -> str:
    period = f"period {item.subject.rpartition('/')[2]} of {_whose(item)}"
    if item.what == "again":
        return f"{period} comes to something else since it was assessed; assess it again"
    return f"{period} is to be assessed"


_SENTENCES: Mapping[Kind, Callable[[InboxItem], str]] = {
    "notice-not-given": _notice,
    "mail-failed": _mail,
    "support-request": _request,
    "claim-unruled": _claim,
    "data-loss-not-alerted": _loss,
    "maintenance-unfinished": _maintenance,
    "administrators-old": _list,
    "agent-silent": _agent,
    "assessment-due": _assessment,
}
