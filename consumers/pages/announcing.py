"""Coming maintenance in lines for the terminal: to whom it is announced, in time or not, and who has it."""

from collections.abc import Iterator

from consumers.pages import words
from consumers.pages.harmless import harmless_text
from consumers.pages.previewed import span
from projections.coming import ClientComing, Coming, MaintenanceComing
from projections.figures import MailFigures


def lines(found: Coming) -> Iterator[str]:
    """Every work, its clients with their local times, and what became of each mail."""
    if not found.maintenances:
        yield "no maintenance is announced"
    for each in found.maintenances:
        yield from _maintenance(each)


def _maintenance(found: MaintenanceComing) -> Iterator[str]:
    going_on = " (started)" if found.started else ""
    yield f"{found.maintenance}{going_on}: {harmless_text(found.summary)}"
    for client in found.clients:
        yield from _client(client)
    if found.without_contract:
        yield f"  in no contract then, nobody is told: {', '.join(found.without_contract)}"


def _client(found: ClientComing) -> Iterator[str]:
    announced = found.notice.announced
    assert announced is not None
    client, platforms = harmless_text(found.client), ", ".join(found.platforms)
    yield f"  {found.contract} ({client}): {span(announced)} {found.zone}, on {platforms}"
    yield f"    {found.notice.kind}, {_given(found)}, position {found.notice.position}"
    for mail in found.notice.mails:
        yield f"    {_mail(mail)}"
    if found.notice.escalated_at:
        yield f"    ops told on {found.notice.escalated_at} that no administrator had it"


def _given(found: ClientComing) -> str:
    notice = found.notice
    if notice.given_at is None:
        return f"given to nobody yet: in time until {found.latest_given_at}"
    how = "" if notice.mails else " (published; no mail about it was tried)"
    in_time = "in time" if notice.in_time else f"too late, in time until {found.latest_given_at}"
    return f"given {notice.given_at}{how}, {notice.hours_before} h before it starts: {in_time}"


def _mail(found: MailFigures) -> str:
    fate = words.of("en").mail_fates[found.fate]
    reply = f" ({harmless_text(found.reply)})" if found.reply else ""
    attempts = "1 attempt" if found.attempts == 1 else f"{found.attempts} attempts"
    return f"mail to {found.person}: {fate} {found.at}, {attempts}{reply}"
