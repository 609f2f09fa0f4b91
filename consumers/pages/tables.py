"""The figures of a statement on a terminal: availability, time, penalties."""

from collections.abc import Iterator
from itertools import groupby

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from consumers.pages import arithmetic, telling
from consumers.pages.format import Format
from consumers.pages.grid import Column, blocks
from consumers.pages.prose import Prose
from consumers.pages.time_table import columns_of, length_of, total_of
from projections.figures import ClassesMs, PlatformAvailability, Statement

# ---------------------------------------------------------------- availability


def availability(statement: Statement, form: Format, width: int) -> Iterator[RenderableType]:
    """Each platform's share against the target, its bounds and coverage."""
    platforms = statement.availability.platforms
    yield from blocks(
        form.words.platform, [each.platform for each in platforms], list(_columns(statement, form)), width
    )
    yield Prose(form.words.bounds_note, style="dim")


def _columns(statement: Statement, form: Format) -> Iterator[Column]:
    said, platforms = form.words, statement.availability.platforms
    target = form.percent(statement.availability.target_percent)
    yield Column(said.share, [Text(form.share(each.percent), style="bold") for each in platforms])
    yield Column(said.target, [Text(target) for _ in platforms])
    yield Column(said.result, [_verdict(each, form) for each in platforms], "left")
    yield Column(said.bounds, [Text(form.bounds(each.percent_bounds)) for each in platforms])
    yield Column(said.coverage, [Text(form.share(each.coverage_percent)) for each in platforms])


def _verdict(measured: PlatformAvailability, form: Format) -> Text:
    style = "dim" if measured.percent is None else "green" if measured.target_met else "red"
    return Text(telling.verdict(measured, form), style=style)


def time_by_class(statement: Statement, form: Format, width: int) -> Iterator[RenderableType]:
    """How long each class lasted; the classes sum to the period."""
    platforms = statement.availability.platforms
    columns = _time_columns(statement, [each.classes_ms for each in platforms], form)
    yield from blocks(form.words.platform, [each.platform for each in platforms], columns, width)
    yield Prose(form.words.time_note, style="dim")


def time_by_day(statement: Statement, form: Format, width: int) -> Iterator[RenderableType]:
    """The same, day by day of each platform; a day sums to its length."""
    for each in statement.availability.platforms:
        columns = _time_columns(statement, [day.classes_ms for day in each.days], form)
        yield from blocks(each.platform, [day.day for day in each.days], columns, width)
    yield Prose(form.words.time_note, style="dim")


def time_by_agent(statement: Statement, form: Format, width: int) -> Iterator[RenderableType]:
    """The same of each platform as each agent alone saw it, with the share that this comes to."""
    for platform, several in groupby(statement.agents, lambda each: each.platform):
        alone = list(several)
        columns = [
            *_time_columns(statement, [each.classes_ms for each in alone], form),
            Column(form.words.share, [Text(form.share(each.percent), style="bold") for each in alone]),
            Column(form.words.coverage, [Text(form.share(each.coverage_percent)) for each in alone]),
        ]
        yield from blocks(platform, [each.agent for each in alone], columns, width)
    yield Prose(form.words.alone_note, style="dim")


def _time_columns(statement: Statement, lengths: list[ClassesMs], form: Format) -> list[Column]:
    said = form.words
    columns = [
        Column(said.classes[class_], [Text(form.clock(length_of(each, class_))) for each in lengths])
        for class_ in columns_of(statement)
    ]
    return [*columns, Column(said.whole_period, [Text(form.clock(total_of(each))) for each in lengths])]


# ---------------------------------------------------------------- penalties


def penalties(statement: Statement, form: Format) -> Iterator[RenderableType]:
    """The arithmetic of every platform that missed its target, then of the contract."""
    said = form.words
    for penalty in arithmetic.missed(statement):
        yield Text(penalty.platform, style="bold")
        yield _lines(arithmetic.platform_lines(statement, penalty, form))
    if arithmetic.has_others(statement):
        yield Prose(arithmetic.others(statement, form), style="dim")
    yield Text(said.contract_total, style="bold")
    yield _lines(arithmetic.contract_lines(statement, form))


def _lines(lines: list[arithmetic.Line]) -> RenderableType:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(style="dim")
    table.add_column(justify="right", no_wrap=True)
    for line in lines:
        style = "bold" if line.is_total else ""
        amount = Text(line.amount, style=style)
        table.add_row(Prose(line.step, style=style), Prose(line.working, style="dim"), amount)
    return Padding(table, (0, 0, 0, 2))
