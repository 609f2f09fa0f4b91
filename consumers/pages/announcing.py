"""Coming maintenance in lines for the terminal: to whom it is announced, in time or not, and who has it."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from consumers.pages import telling, words
from consumers.pages.format import Format
from consumers.pages.harmless import harmless
from consumers.pages.previewed import advance, span
from projections.coming import ClientComing, Coming, MaintenanceComing


def lines(found: Coming) -> Iterator[str]:
    """Every work, its clients with their local times, and what became of each mail."""
    if not found.maintenances:
        yield "no maintenance is announced"
    for each in harmless(found).maintenances:
        yield from _maintenance(each)


def _maintenance(found: MaintenanceComing) -> Iterator[str]:
    going_on = " (started)" if found.started else ""
    yield f"{found.maintenance}{going_on}: {found.summary}"
    for client in found.clients:
        yield from _client(client)
    if found.without_contract:
        yield f"  in no contract then, nobody is told: {', '.join(found.without_contract)}"


def _client(found: ClientComing) -> Iterator[str]:
    announced = found.notice.announced
    assert announced is not None
    platforms = ", ".join(found.platforms)
    yield f"  {found.contract} ({found.client}): {span(announced)} {found.zone}, on {platforms}"
    yield f"    {found.notice.kind}, {_given(found)}, position {found.notice.position}"
    for line in telling.mails(found.notice, _english(found)):
        yield f"    {line}"


def _given(found: ClientComing) -> str:
    notice = found.notice
    if notice.hours_before is None:
        return _awaited(found)
    how = "" if notice.mails else " (published; no mail about it was tried)"
    before = advance(notice.hours_before, notice.in_time, found.latest_given_at)
    return f"given {notice.given_at}{how}, {before}"


def _awaited(found: ClientComing) -> str:
    awaited = found.notice.awaited
    what = "given to nobody yet" if found.notice.mails else "not given yet, no mail about it was tried"
    if awaited is None or awaited.left_ms < 0:
        return f"{what}: too late, in time until {found.latest_given_at}"
    left = _english(found).duration(awaited.left_ms)
    return f"{what}: in time until {found.latest_given_at}, {left} left"


def _english(found: ClientComing) -> Format:
    return Format(words.of("en"), ZoneInfo(found.zone), None)
