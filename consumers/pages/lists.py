"""What stands behind the figures, on a terminal: reasons, register, commitments, readings."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from consumers.pages import entries, telling, words
from consumers.pages.format import Format
from consumers.pages.prose import Prose
from projections.figures import ClaimEntry, Class, CommitmentEntry, MaintenanceEntry, RegisterEntry, Statement

# Colours of a terminal that can be read on white as well as on black: no yellow, no cyan, no dark blue.
CLASS_STYLES: dict[Class, str] = {
    "up": "green",
    "down": "red",
    "unknown": "magenta",
    "excluded-maintenance": "bright_blue",
    "excluded-force-majeure": "bright_blue",
    "outside": "dim",
}
STATES = {"kept": ("✓", "green"), "broken": ("✗", "red"), "nothing-recorded": ("?", "magenta")}
INDENT = 2
BULLET = "· "


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for heading in headings:
        table.add_column(Text(heading))
    return table


def _item(text: str, style: str = "") -> RenderableType:
    return Padding(Prose(f"{BULLET}{text}", style=style, hang=" " * len(BULLET)), (0, 0, 0, INDENT))


# ---------------------------------------------------------------- reasons


def reasons(statement: Statement, form: Format) -> Iterator[RenderableType]:
    """Why every interval that was not simply up or outside counts as it does."""
    if not statement.stretches:
        yield Prose(form.words.reasons_none)
    for each in telling.explained(statement.stretches, form):
        yield Text(each.counts_as, style=CLASS_STYLES[each.class_])
        for occasion in each.occasions:
            when = form.words.told.format(what=f"{occasion.span}, {occasion.length}", text=occasion.platforms)
            yield Padding(Prose(when, hang=" " * INDENT), (0, 0, 0, INDENT))
        for reason in each.reasons:
            yield _item(reason, style="dim")
        yield _item(form.words.told.format(what=form.words.clause, text=each.clause), style="dim")


# ---------------------------------------------------------------- register


def register(statement: Statement, form: Format) -> Iterator[RenderableType]:
    """Every maintenance, incident, claim and correction with its history."""
    if not (statement.entries or statement.announced_later):
        yield Prose(form.words.register_none)
    for entry in statement.entries:
        yield Text.assemble((entries.heading(entry, form), "bold"), (f"  {entries.concerned(entry)}", "dim"))
        yield from _entry(entry, form)
    for entry in statement.announced_later:
        yield Text(entries.announced_later(entry, form), style="bold")
        yield from _notices(entry, form)


def _entry(entry: RegisterEntry, form: Format) -> Iterator[RenderableType]:
    if isinstance(entry, MaintenanceEntry):
        yield from _notices(entry, form)
    for sentence in entries.story(entry, form):
        yield _item(sentence)
    if isinstance(entry, MaintenanceEntry | ClaimEntry):
        for sentence in entries.exclusions(entry.exclusions, form):
            yield _item(sentence, style="bright_blue")


def _notices(entry: MaintenanceEntry, form: Format) -> Iterator[RenderableType]:
    for notice in entry.notices:
        yield _item(telling.notice(notice, form))
        for sentence in telling.mails(notice, form):
            yield _item(sentence, style="dim")


# ---------------------------------------------------------------- commitments


def commitments(statement: Statement, form: Format) -> Iterator[RenderableType]:
    """The other promises: kept, broken, or nothing recorded to judge them by."""
    for entry in statement.commitments:
        yield _commitment(entry, form)
        for found in entry.findings:
            yield _item(telling.finding(found, form))


def _commitment(entry: CommitmentEntry, form: Format) -> RenderableType:
    said = form.words
    sign, style = STATES[entry.state]
    examined = form.counted(entry.examined, said.facts_examined)
    return Text.assemble(
        (f"{sign} {said.states[entry.state]}", style),
        f"  {said.commitments[entry.commitment]}",
        (f"  {examined}, {entry.clause}", "dim"),
    )


# ---------------------------------------------------------------- readings


def readings(statement: Statement, form: Format) -> Iterator[RenderableType]:
    """Every ambiguous clause with the answer that these figures follow."""
    said = form.words
    table = _table(said.reading, said.answer)
    for name, value in statement.readings.items():
        question, answer = words.question(said, name), words.answer(said, name, value)
        table.add_row(
            Group(Prose(question), Prose(name, style="dim")), Group(Prose(answer), Prose(value, style="dim"))
        )
    yield table
