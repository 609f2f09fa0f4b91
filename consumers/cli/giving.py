"""How a notice is given: previewed for every client concerned, agreed to by whoever is there, recorded."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import dialogue, opening, printing, recording, times

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from ledger.application import Ledger
    from ledger.fact import Span
    from ledger.maintenance import Maintenance, NoticeFact
    from projections.asof import Known
    from projections.preview import Preview

PreviewOption = Annotated[
    bool, typer.Option("--preview", help="Show what it would exclude for each client; write nothing.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Write without asking first.")]


@dataclass(frozen=True)
class How:
    """How a notice is given: when, and whether it is only looked at, agreed to beforehand, for a machine."""

    given_at: str | None
    only_preview: bool
    agreed: bool
    as_json: bool
    platforms: tuple[str, ...] = ()
    """Of work that is not announced yet: its clients' zone is that of a time without an offset."""


@dataclass(frozen=True)
class Desk:
    """A ledger at which somebody is about to give a notice, and all that is known of it now."""

    ledger: "Ledger"
    known: "Known"

    def state(self, maintenance: str) -> "Maintenance":
        """The maintenance of that name as it stands."""
        from ledger import maintenance as subject

        return self.known.maintenances.get(maintenance, subject.INITIAL)

    def announced(self, maintenance: str | None) -> str:
        """The name of announced work, by the argument or as the person chooses among those not finished.

        Raises:
            RefusedError: no work of the name in the argument was ever announced.
        """
        from ledger.maintenance import require_published

        if maintenance is not None:
            require_published(self.state(maintenance), maintenance)
            return maintenance
        open_ones = [
            name
            for name, each in self.known.maintenances.items()
            if each.announced and each.finished_ms is None
        ]
        which = f"which work ({', '.join(open_ones)})" if open_ones else "which work"
        return dialogue.told(
            None,
            "MAINTENANCE",
            which,
            open_ones[0] if len(open_ones) == 1 else None,
            lambda name: require_published(self.state(name), name),
        )

    def require_new(self, maintenance: str) -> None:
        """Refuse a name that work cannot be announced under.

        Raises:
            BadInputError: it is no name.
            RefusedError: other work has it.
        """
        from ledger.intake.names import require_name
        from ledger.maintenance import require_not_published

        require_not_published(self.state(require_name(maintenance)), maintenance)

    def zone(self, platforms: Iterable[str]) -> "ZoneInfo | None":
        """The zone in which all contracts of these platforms count; None if they differ or there are none."""
        from ledger.terms import zone_of

        wanted = set(platforms)
        zones = {
            contract.signed.zone
            for contract in self.known.contracts.values()
            if contract.signed and wanted & {member.platform for member in contract.platforms}
        }
        return zone_of(zones.pop()) if len(zones) == 1 else None

    def span(self, start: str | None, end: str | None, platforms: Iterable[str]) -> "Span":
        """The announced span, by the options or as the person answers; local time of the clients' zone.

        Raises:
            BadInputError: a time cannot be read, or the span would end before it starts.
        """
        zone = self.zone(platforms)
        clock = f"local time of {zone}, or with its offset" if zone else "with its offset"
        for option in (start, end):
            if option is not None:  # before anything is asked for: no answer would mend it
                times.instant(option, zone)

        def check_start(text: str) -> object:
            return times.span_between(text, end, zone) if end else times.instant(text, zone)

        begins = dialogue.told(start, "--from", f"announced start ({clock})", check=check_start)
        ends = dialogue.told(
            end,
            "--to",
            f"announced end, not included ({clock})",
            check=lambda text: times.span_between(begins, text, zone),
        )
        return times.span_between(begins, ends, zone)


@contextmanager
def desk(url: str) -> Iterator[Desk]:
    """A ledger opened to give a notice at."""
    with opening.open_ledger(url) as ledger, recording.understood():
        yield Desk(ledger, opening.known_now(ledger))


def which(url: str, maintenance: str | None) -> str:
    """The name of announced work; a ledger is read only if the person must choose."""
    if maintenance is not None or not dialogue.is_there():
        return dialogue.told(maintenance, "MAINTENANCE", "which work")
    with desk(url) as at:
        return at.announced(None)


def give(at: Desk, maintenance: str, decide: "Callable[[Maintenance, int], NoticeFact]", how: How) -> None:
    """Show what a notice would do and, unless that was all that was asked, record it.

    Raises:
        RefusedError: the maintenance is not in a state in which that notice can be given.
        BadInputError: it would be given in the future.
    """
    from ledger import maintenance as subject
    from projections.preview import preview

    zone = at.zone(at.state(maintenance).platforms or how.platforms)
    given_ms = recording.occurrence(how.given_at, "--given-at", zone)

    def decided(state: "Maintenance") -> "NoticeFact":
        return decide(state, given_ms)

    found = preview(at.known, decided(at.state(maintenance)), given_ms)
    if how.only_preview:
        show(found, as_json=how.as_json)
        return
    if not _is_agreed(found, how):
        printing.warn("nothing was written")
        raise typer.Exit(1)
    with explained(at, maintenance, decided):
        recorded = at.ledger.record(
            subject.stream_of(maintenance), subject.INITIAL, subject.evolve, decided, occurred_ms=given_ms
        )
    printing.print_recorded(recorded, as_json=how.as_json)
    if not how.as_json:
        _show_back(found)
    _say_what_it_does_not_do(found)


@contextmanager
def explained(at: Desk, maintenance: str, decide: "Callable[[Maintenance], NoticeFact]") -> Iterator[None]:
    """Of two who give a notice at once, the loser hears what the winner's notice means for his own.

    Raises:
        RefusedError: after the other notice this one cannot be given.
        ConflictError: it still can; whoever gives it should look at the other one first.
    """
    from ledger import maintenance as subject
    from ledger.errors import ConflictError

    try:
        yield
    except ConflictError:
        decide(at.ledger.load(subject.stream_of(maintenance), subject.INITIAL, subject.evolve)[0])
        raise


def show(found: "Preview", *, as_json: bool) -> None:
    """Print a preview."""
    from consumers.pages import previewed

    if as_json:
        printing.print_json(found.model_dump(mode="json", by_alias=True))
        return
    for line in previewed.lines(found):
        print(line)


def _is_agreed(found: "Preview", how: How) -> bool:
    if how.agreed or how.as_json or not dialogue.is_there():
        return True
    show(found, as_json=False)
    return dialogue.agreed("Give this notice?")


def _show_back(found: "Preview") -> None:
    """The announced times as each client's clock shows them."""
    from consumers.pages import previewed

    for contract in found.contracts:
        withdrawn = "withdrawn: " if found.kind == "withdrawn" else ""
        print(f"{contract.contract}: {withdrawn}{previewed.span(contract.announced)} {contract.zone}")


def _say_what_it_does_not_do(found: "Preview") -> None:
    """A script that gives a notice too late, or to nobody, must hear of it as well."""
    from consumers.pages import previewed, words
    from ledger.errors import counted

    for contract in found.contracts:
        if warning := previewed.of_work_done(contract, withdrawn=found.kind == "withdrawn"):
            printing.warn(f"{contract.contract}: {warning}")
    if found.kind == "withdrawn":
        return
    if concerns_nobody := previewed.of_no_contract(found):
        printing.warn(concerns_nobody)
    english = words.of("en")
    for contract in found.contracts:
        for platform in contract.platforms:
            for name in dict.fromkeys(each.maintenance for each in platform.overlaps):
                first, *more = (each for each in platform.overlaps if each.maintenance == name)
                shared = f"{platform.platform} {previewed.span(first)}"
                further = f", and {counted(len(more), 'time')} more" if more else ""
                printing.warn(f"{contract.contract}: {name} excludes {shared} already{further}")
            if whys := dict.fromkeys(english.not_excluded[part.why] for part in platform.not_excluded):
                excluded, announced = map(times.duration, (platform.excluded_ms, platform.announced_ms))
                printing.warn(
                    f"{contract.contract}: {excluded} of {announced} of {platform.platform} will be excluded "
                    f"({', '.join(whys)})"
                )
