"""The inbox as a person reads it: one sentence for each thing that needs somebody, in English."""

from collections.abc import Callable, Mapping

from pydantic import Field

from consumers.pages.harmless import harmless_text
from ledger.instants import DAY_MS, HOUR_MS, MINUTE_MS, read_instant
from projections.attention import Inbox, InboxItem, Kind
from projections.figures import AsOfFigures, Figures, Instant

DAYS_FROM_MS = 2 * DAY_MS
"""From here on days are easier to read than hours."""

_WHY = {
    "not-tried": "no mail about it was tried",
    "attempted": "the mail about it has no answer yet",
    "unanswered": "the mail server has not confirmed the mail about it",
    "refused": "the mail about it was refused",
    "bounced": "the mail about it came back",
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
    at_ms = read_instant(inbox.at)
    return ToldInbox(
        as_of=inbox.as_of,
        at=inbox.at,
        overdue=sum(each.overdue for each in inbox.items),
        items=tuple(ToldItem(**dict(each), sentence=sentence(each, at_ms)) for each in inbox.items),
    )


def sentence(item: InboxItem, at_ms: int) -> str:
    """What needs somebody, and how long there is from a moment on."""
    return harmless_text(f"{_SENTENCES[item.kind](item)}: {time_left(read_instant(item.due) - at_ms)}")


def time_left(due_in_ms: int) -> str:
    """`2 h 10 min left`, `due now`, or `overdue by 3 h`; cut down to whole minutes or hours."""
    if due_in_ms == 0:
        return "due now"
    length = _length(abs(due_in_ms))
    return f"overdue by {length}" if due_in_ms < 0 else f"{length} left"


def _length(length_ms: int) -> str:
    if length_ms < MINUTE_MS:
        return "less than a minute"
    days, rest_ms = divmod(length_ms, DAY_MS) if length_ms >= DAYS_FROM_MS else (0, length_ms)
    hours, rest_ms = divmod(rest_ms, HOUR_MS)
    minutes = 0 if days else rest_ms // MINUTE_MS
    parts = (days, f"{days} days"), (hours, f"{hours} h"), (minutes, f"{minutes} min")
    return " ".join(text for amount, text in parts if amount)


def _whose(item: InboxItem) -> str:
    return ", ".join(item.contracts) or "no contract"


def _said(item: InboxItem) -> str:
    """What was last said of a mail, as a part of a sentence."""
    return (item.reply or "").rstrip(".")


def _notice(item: InboxItem) -> str:
    why = ": ".join(filter(None, (_WHY[item.what], _said(item))))
    return f"no administrator of {_whose(item)} has the notice of {item.subject} ({why})"


def _mail(item: InboxItem) -> str:
    said = f" ({_said(item)})" if item.reply else ""
    return (
        f"the mail about {item.subject} to {item.about[0]} of {_whose(item)} {_FAILED[item.what]}{said}; "
        "reach them another way or correct the list"
    )


def _request(item: InboxItem) -> str:
    return f"request {item.subject} of {_whose(item)} has no answer, which was promised within {item.what} h"


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
    if item.what == "perhaps":
        late = f"rounds of {', '.join(item.about)} that started in it came in after it was assessed"
        return f"{period} may come to something else, because {late}; `constat assess` looks at it again"
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
