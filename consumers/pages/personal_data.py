"""The register of personal data for people: a text for the terminal, and one page that stands by itself."""

import shlex
from collections.abc import Iterator
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from consumers.pages import checking, words
from consumers.pages.format import Format
from consumers.pages.harmless import harmless
from consumers.pages.html import environment, style_hash
from consumers.pages.personal_words import PersonalWords, of
from consumers.pages.prose import Prose
from projections.personal_data import ComponentFigures, PersonalData, ProcessorFigures

WIDTH = 100


class Laid:
    """A register with the words and the way of writing of one language."""

    def __init__(self, register: PersonalData, language: str | None, ledger: str | None = None) -> None:
        self._ledger = ledger
        self.register = harmless(register)
        spoken = language or register.language
        self.words: PersonalWords = of(spoken)
        self.form = Format(words.of(spoken), ZoneInfo(register.zone), None)

    def heading(self) -> Iterator[str]:
        """What it is about, and what was known."""
        said, register = self.words, self.register
        yield said.contract_line.format(contract=register.contract, clause=register.clause)
        yield said.as_known.format(
            instant=self.form.full_instant(register.as_of.recorded_at),
            position=self.form.number(register.as_of.position),
            day=self.day(register.day),
        )

    def summary(self) -> str:
        """Whether anything that is on may carry data out of the Union."""
        names = [f"{c.name} ({c.platform})" for c in self.register.components if c.transfers_now]
        if not names:
            return self.words.summary_none
        return self.words.summary_transfers.format(components=", ".join(names))

    def day(self, day: str | None) -> str:
        """A day in full, or that it lasts."""
        return self.words.lasting if day is None else self.form.day(date.fromisoformat(day))

    def instant(self, instant: str | None) -> str:
        """A moment in full, or that it lasts."""
        return self.words.lasting if instant is None else self.form.full_instant(instant)

    def between(self, first: str, last: str | None) -> str:
        """From when to when, or since when."""
        said = self.words
        return said.lasted.format(first=first, last=last) if last else said.lasts.format(first=first)

    def transfer(self, component: ComponentFigures) -> str:
        """Whether its data may leave the Union."""
        return self.words.outside if component.transfers_outside_eu else self.words.inside

    def facts(self, *positions: int) -> str:
        """The facts behind an entry."""
        return ", ".join(self.words.fact.format(position=self.form.number(each)) for each in positions)

    def command(self) -> str:
        """What gives the same register again."""
        register = self.register
        ledger = checking.ledger_option(self._ledger)
        asked = ["--contract", register.contract, "--as-of", _moment(register)]
        return shlex.join(["constat", "personal-data", *ledger, *asked, "--json"])


def page(register: PersonalData, language: str | None = None, ledger: str | None = None) -> str:
    """One page in the contract's language or in the one asked for: no script, nothing fetched.

    `ledger` is where it is kept, if the command that checks it has to name it.
    """
    laid = Laid(register, language, ledger)
    style = environment().get_template("statement.css").render()
    return (
        environment()
        .get_template("personal_data.html.jinja")
        .render(laid=laid, register=laid.register, words=laid.words, style_hash=style_hash(style))
    )


def text(register: PersonalData, language: str | None = None, ledger: str | None = None) -> str:
    """The same in lines of at most a hundred letters; what is to be copied stays one line."""
    laid = Laid(register, language, ledger)
    lines = [line for paragraph in _paragraphs(laid) for line in Prose(paragraph, hang="  ").lines(WIDTH)]
    return "\n".join([*lines, f"  {laid.command()}", laid.register.digest]) + "\n"


def _paragraphs(laid: Laid) -> Iterator[str]:
    said, register = laid.words, laid.register
    yield f"{register.client} · {said.title}"
    yield from laid.heading()
    yield ""
    yield laid.summary()
    yield ""
    yield said.processors_title
    if not register.processors:
        yield f"  {said.processors_none}"
    for processor in register.processors:
        yield from _processor(processor, laid)
    yield ""
    yield said.components_title
    if not register.components:
        yield f"  {said.components_none}"
    for component in register.components:
        yield from _component(component, laid)
    yield ""
    yield said.check_how


def _processor(found: ProcessorFigures, laid: Laid) -> Iterator[str]:
    said = laid.words
    yield f"- {found.name}, {found.role} ({said.when[found.when]})"
    yield f"  {found.address}, {found.registration}"
    days = laid.between(laid.day(found.from_day), found.last_day and laid.day(found.last_day))
    yield f"  {days}, {laid.facts(*found.positions)}"


def _component(found: ComponentFigures, laid: Laid) -> Iterator[str]:
    said = laid.words
    yield f"- {found.platform}, {found.name}, {said.kinds[found.kind]} ({said.when[found.when]})"
    yield f"  {laid.transfer(found)}"
    times = laid.between(
        laid.instant(found.enabled_at), found.disabled_at and laid.instant(found.disabled_at)
    )
    yield f"  {times}, {laid.facts(*found.positions)}"


def _moment(register: PersonalData) -> str:
    """What was known, and a moment of the day by which it was laid out, no earlier than what was known."""
    as_of = register.as_of
    if as_of.recorded_at.startswith(register.day):
        return str(as_of.position)
    midnight = datetime.combine(date.fromisoformat(register.day), time(), ZoneInfo(register.zone))
    return f"{as_of.position}/{midnight.isoformat()}"
