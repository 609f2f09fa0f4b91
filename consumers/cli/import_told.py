"""`constat import statuspage`, `maintnote`, `alertmanager`: what others told, as facts."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import common, flowing, recording, times

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.application import Ledger
    from ledger.intake.told import ImportedFacts


def add_to(app: typer.Typer) -> None:
    """Add a command for each form."""
    app.command("statuspage")(statuspage)
    app.command("maintnote")(maintnote)
    app.command("alertmanager")(alertmanager)


def statuspage(
    place: Annotated[str, typer.Argument(metavar="URL|FILE", help="The page, or its summary.json.")],
    *,
    operator: Annotated[str, typer.Option("--operator", metavar="NAME", help="Whose page it is.")],
    follow: common.FollowOption = False,
    every: flowing.EveryOption = 300.0,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Keep what an operator's status page says of its incidents and works: whatever is new, or was edited.

    Each reading is a fact with the document beside it, and the moment at which it was first seen stays. It
    excludes nothing: it is evidence for a claim of force majeure.
    """
    from consumers.evidence import Evidence
    from consumers.settings import read
    from ledger.intake.statuspage import import_statuspage, of_file, of_web

    web = flowing.web(place) if "://" in place else None
    store = Evidence(read().evidence)

    def take(to: "Ledger", _is_ended: "Callable[[], bool]") -> "ImportedFacts":
        page = of_web(web) if web else of_file(Path(place))
        return import_statuspage(to, page, operator, times.now_ms(), store.keep)

    name = web.address.shown if web else place
    with recording.understood():
        flowing.read(ledger, name, take, follow=follow, every_s=every, as_json=as_json)


def maintnote(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help=".ics")],
    *,
    operator: Annotated[
        str | None, typer.Option("--operator", metavar="NAME", help="Whose notices; by default as they say.")
    ] = None,
    own: Annotated[
        bool, typer.Option("--own", help="They are notices that we gave: announce the work here, too.")
    ] = False,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Keep notices of maintenance from calendar files, an operator's or with --own our earlier ones.

    Of one UID the highest SEQUENCE is in force, in whichever order they come. A notice of ours was given when
    its DTSTAMP says, on the platforms that it names.
    """
    from consumers.evidence import Evidence
    from consumers.settings import read
    from ledger.errors import BadInputError
    from ledger.intake.maintnote import read_file
    from ledger.intake.maintnote_import import import_operators, import_own

    if own and operator:
        raise BadInputError(
            "--own says that the notices are ours, --operator that they are not; name one of them"
        )
    store = Evidence(read().evidence)

    def take(to: "Ledger", _is_ended: "Callable[[], bool]") -> "ImportedFacts":
        found = [each for file in files for each in read_file(file, operator, times.now_ms())]
        if not own:
            return import_operators(to, name, found, store.keep)
        recording.require_platforms(to, {platform for each in found for platform in each.read.fact.concerned})
        return import_own(to, name, found, store.keep)

    name = ", ".join(map(str, files))
    with recording.understood():
        flowing.read(ledger, name, take, follow=False, every_s=0, as_json=as_json)


def alertmanager(
    url: Annotated[str, typer.Argument(metavar="URL", help="The Alertmanager, before /api/v2.")],
    *,
    label: Annotated[
        str, typer.Option("--label", metavar="LABEL", help="The label that names the platform.")
    ] = "instance",
    name: flowing.NamesOption = [],  # noqa: B006 - typer copies it
    follow: common.FollowOption = False,
    every: flowing.EveryOption = 60.0,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """File a claim for each silence of an Alertmanager that has expired, to be ruled on.

    A silence told no client anything: it is never a notice, and excludes nothing before a ruling accepts it.
    Alertmanager forgets expired silences after some days.
    """
    from consumers.evidence import Evidence
    from consumers.settings import read
    from ledger.intake import alertmanager as silences
    from ledger.intake.names import unmatched

    web, names = flowing.web(url), flowing.names(name)
    store = Evidence(read().evidence)

    def take(to: "Ledger", _is_ended: "Callable[[], bool]") -> "ImportedFacts":
        found = silences.read(web, label, names)
        ours = recording.platforms_of_contracts(to)
        filed = silences.import_silences(to, web.address.shown, found, ours, times.now_ms(), store.keep)
        misnamed = unmatched(names, (text for each in found for text in each.called))
        return replace(filed, notes=(*misnamed, *filed.notes))

    flowing.read(ledger, web.address.shown, take, follow=follow, every_s=every, as_json=as_json)
