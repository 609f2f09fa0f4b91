"""What a notice would do, in lines for the terminal of ops."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from consumers.pages import words
from consumers.pages.harmless import harmless_text
from ledger.errors import counted
from ledger.instants import MINUTE_MS
from projections.figures import SpanFigures
from projections.preview import ContractPreview, PlatformPreview, Preview

SPANS_MAX = 6
"""As many spans of a platform are shown one by one; work of a year would fill hundreds of lines."""
SPANS_SHOWN = 3
"""Of more than that only the first are."""


def lines(found: Preview) -> Iterator[str]:
    """The clients, what would be excluded for each, and why no more."""
    if concerns_nobody := of_no_contract(found):
        yield concerns_nobody
    for contract in found.contracts:
        yield from _contract(contract, withdrawn=found.kind == "withdrawn")
    if found.without_contract:
        yield f"in no contract then: {', '.join(found.without_contract)}"


def of_no_contract(found: Preview) -> str | None:
    """That no client has any of the platforms when the work is announced for; None if one has."""
    if found.contracts:
        return None
    return f"{found.maintenance} concerns no contract: nobody would be told, and nothing would be excluded"


def _contract(found: ContractPreview, *, withdrawn: bool) -> Iterator[str]:
    yield f"{found.contract} ({harmless_text(found.client)}): {span(found.announced)} {found.zone}"
    if withdrawn:
        yield "  would no longer be announced"
    else:
        yield f"  given {advance(found.hours_before, found.in_time, found.latest_given_at)}"
        yield f"  work may be excluded: {found.windows or 'at any time'} (local time)"
    if warning := of_work_done(found, withdrawn=withdrawn):
        yield f"  {warning}"
    if found.assumes_work and not withdrawn:
        yield "  only work really done is excluded; this supposes that it is done exactly as announced"
    for platform in found.platforms:
        yield from _platform(platform)


def of_work_done(found: ContractPreview, *, withdrawn: bool) -> str | None:
    """What whoever moves or withdraws work that has begun should know first; None if it has not."""
    if found.started_at is None:
        return None
    over = f"was over at {found.finished_at}" if found.finished_at else "is not over"
    what = (
        "withdrawn, nothing of it is excluded from then on"
        if withdrawn
        else "moved, from then on only what lies in the new announcement is excluded of it"
    )
    return f"the work began at {found.started_at} and {over}: {what}"


def advance(hours_before: str, is_in_time: bool, latest_given_at: str) -> str:
    """How long before its start a notice is given, and if that is too late, until when it was in time."""
    is_after = hours_before.startswith("-")
    when = f"{hours_before[1:]} h after the start" if is_after else f"{hours_before} h before it starts"
    return f"{when}: {'in time' if is_in_time else f'too late, in time until {latest_given_at}'}"


def _platform(found: PlatformPreview) -> Iterator[str]:
    yield (
        f"  {found.platform}: {minutes(found.excluded_ms)} of {minutes(found.announced_ms)} min excluded, "
        f"{minutes(found.counted_ms)} of them in service hours and not excluded already"
    )
    whys = words.of("en").not_excluded
    parts = [(part, f"not excluded: {whys[part.why]}") for part in found.not_excluded]
    overlaps = [
        (overlap, f"overlaps {overlap.maintenance}, which excludes it already") for overlap in found.overlaps
    ]
    yield from _summarised(parts)
    yield from _summarised(overlaps)


def _summarised(found: Sequence[tuple[SpanFigures, str]]) -> Iterator[str]:
    """The first few spans, each with what is said of it; of the rest how many there are for each reason."""
    few = found if len(found) <= SPANS_MAX else found[:SPANS_SHOWN]
    for each, said in few:
        yield f"    {span(each)} {said}"
    for said, number in Counter(said for _, said in found[len(few) :]).items():
        yield f"    and {counted(number, 'time')} more {said} (--preview --json names all)"


def minutes(length_ms: int) -> str:
    """Minutes, with seconds only where there are any."""
    whole, rest_ms = divmod(length_ms, MINUTE_MS)
    return str(whole) if not rest_ms else f"{length_ms / MINUTE_MS:.2f}"


def span(found: SpanFigures) -> str:
    """From and to with their offsets, the day once if it is the same; seconds where there are any."""
    start, end = datetime.fromisoformat(found.start), datetime.fromisoformat(found.end)
    shown = end.timetz() if end.date() == start.date() else end
    is_whole = not any(each.second or each.microsecond for each in (start, end))
    precision = "minutes" if is_whole else "auto"
    return f"{start.isoformat(' ', precision)} to {shown.isoformat(timespec=precision)}"
