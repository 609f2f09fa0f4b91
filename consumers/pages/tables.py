"""The figures of a statement on a terminal: availability, time, penalties."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from consumers.pages import arithmetic, telling
from consumers.pages.format import Format
from consumers.pages.prose import Prose
from consumers.pages.time_table import columns_of, length_of, total_of
from projections.figures import PlatformAvailability, Statement


def _figures_table(label: str, *figures: str) -> Table:
    """A table of which every column but the first holds figures, aligned right."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(Text(label))
    for figure in figures:
        table.add_column(Text(figure, justify="right"), justify="right", no_wrap=True)
    return table


# ---------------------------------------------------------------- availability


def availability(statement: Statement, form: Format) -> Iterator[RenderableType]:
    """Each platform's share, its bounds and coverage, against the target."""
    said = form.words
    table = _figures_table(said.platform, said.share, said.bounds, said.coverage, said.target)
    table.add_column(Text(said.result))
    target = form.percent(statement.availability.target_percent)
    for each in statement.availability.platforms:
        table.add_row(each.platform, *_shares(each, form), target, _verdict(each, form))
    yield table
    yield Prose(said.bounds_note, style="dim")


def _shares(measured: PlatformAvailability, form: Format) -> tuple[Text, str, str]:
    share = Text(form.share(measured.percent), style="bold")
    return share, form.bounds(measured.percent_bounds), form.share(measured.coverage_percent)


def _verdict(measured: PlatformAvailability, form: Format) -> Text:
    style = "dim" if measured.percent is None else "green" if measured.target_met else "red"
    return Text(telling.verdict(measured, form), style=style, no_wrap=True)


def time_by_class(statement: Statement, form: Format) -> Iterator[RenderableType]:
    """How long each class lasted; the classes sum to the period."""
    said = form.words
    columns = columns_of(statement)
    table = _figures_table(said.platform, *(said.classes[each] for each in columns), said.whole_period)
    for each in statement.availability.platforms:
        lengths = (length_of(each.classes_ms, column) for column in columns)
        table.add_row(
            each.platform, *(form.clock(length_ms) for length_ms in (*lengths, total_of(each.classes_ms)))
        )
    yield table
    yield Prose(said.time_note, style="dim")


def time_by_day(statement: Statement, form: Format) -> Iterator[RenderableType]:
    """The same, day by day of each platform; a day sums to its length."""
    said = form.words
    columns = columns_of(statement)
    for each in statement.availability.platforms:
        table = _figures_table(
            each.platform, *(said.classes[column] for column in columns), said.whole_period
        )
        for day in each.days:
            lengths = [length_of(day.classes_ms, column) for column in columns]
            table.add_row(day.day, *map(form.clock, (*lengths, total_of(day.classes_ms))))
        yield table
    yield Prose(said.time_note, style="dim")


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
        table.add_row(Prose(line.step), Prose(line.working, style="dim"), line.amount)
    return Padding(table, (0, 0, 0, 2))
