"""`constat export`: a contract's register and figures in the forms that others read."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from consumers.cli import asking, common, opening, printing

if TYPE_CHECKING:
    from ledger.contracts import Contract
    from projections.asof import Known

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Write the register and the figures in the forms that others read.",
)

ToFile = Annotated[
    Path | None, typer.Option("--to", metavar="FILE", help="Write it there, whole or not at all.")
]


@app.command()
def statuspage(
    *,
    contract: asking.ContractOption = None,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FOLDER", help="Write every answer of the API below it.")
    ] = None,
    url: Annotated[str, typer.Option("--url", metavar="URL", help="Where the page will be.")] = "",
    as_of: common.AsOfOption = None,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """A contract's register as a Statuspage, API version 2: one object, or with --to the files of a page.

    A web server that serves the folder answers as the API does, below /api/v2/. Withdrawn work is left out.
    """
    from consumers.exports import statuspage as form

    _require_url(url)
    with opening.open_known(ledger, as_of) as known:
        chosen = _contract(known, contract)
        if to is None:
            printing.print_json(form.whole(known, chosen, url))
            return
        answers = form.files(known, chosen, url)
    _require_folder(to.parent)
    for path, answer in answers.items():
        file = to / "api" / "v2" / path
        _make_folder(file.parent)
        _write(file, _json(answer))


@app.command()
def calendar(
    *,
    contract: asking.ContractOption = None,
    to: ToFile = None,
    organizer: Annotated[
        str | None,
        typer.Option("--organizer", metavar="MAIL", help="Who announces; CONSTAT_SMTP_FROM if not given."),
    ] = None,
    as_of: common.AsOfOption = None,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """The work that was announced to a contract as a calendar, with the UIDs of the notices that were mailed.

    Of each work its last notice; one that was withdrawn is cancelled. Whoever serves the file has a feed.
    """
    from consumers import settings
    from consumers.exports.calendar import work_of
    from ledger.errors import BadInputError

    found = settings.read()
    address = organizer or found.smtp_from
    if not address:
        raise BadInputError(
            "say who announces with --organizer MAIL, or with CONSTAT_SMTP_FROM, as notices name it"
        )
    _require_mail("--organizer" if organizer else "CONSTAT_SMTP_FROM", address)
    provider = found.provider or address.rpartition("@")[2]
    with opening.open_known(ledger, as_of) as known:
        works = work_of(known, _contract(known, contract), address, provider)
    _put(to, works)


@app.command()
def openmetrics(
    *,
    contract: Annotated[
        str | None, typer.Option("--contract", "-c", metavar="NAME", help="Of this contract only.")
    ] = None,
    to: ToFile = None,
    as_of: common.AsOfOption = None,
    no_cache: common.NoCacheOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """The availability and the free days of each contract's running period as OpenMetrics text.

    For a collector of text files, or a page that is scraped. How the ledger itself is `constat metrics` says.
    """
    with opening.open_known(ledger, as_of, cached=not no_cache) as known:
        from consumers.exports import openmetrics as form
        from ledger.errors import BadInputError
        from projections.attention import signed

        several = [known.contract(contract)] if contract else [found for _, found in signed(known)]
        figures, unjudged = form.all_running(known, several)
        said = form.text(figures)
    if contract and unjudged:
        raise BadInputError(unjudged[contract])
    for name, why in unjudged.items():
        printing.warn(f"no figures of contract {name}: {why}")
    _put(to, said.encode())


@app.command()
def grafana(*, to: ToFile = None) -> None:
    """A dashboard of Grafana for the metrics of `constat export openmetrics` and `constat metrics`."""
    from consumers.exports.grafana import dashboard

    _put(to, _json(dashboard()))


def _contract(known: "Known", name: str | None) -> "Contract":
    return known.contract(name or asking.only_contract(known))


def _json(value: Any) -> bytes:  # noqa: ANN401 - whatever JSON can hold
    import orjson

    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _put(to: Path | None, document: bytes) -> None:
    if to is None:
        sys.stdout.buffer.write(document)
        sys.stdout.flush()
    else:
        _write(to, document)


def _write(path: Path, document: bytes) -> None:
    """Write a file that everybody may read, a web server too, in the place of the one before.

    Raises:
        BadInputError: it cannot be written, or is a database: a ledger is named there by mistake.
    """
    from ledger.errors import BadInputError
    from ledger.files import written_whole
    from ledger.log.database import is_database

    if path.is_dir():
        raise BadInputError(f"{path} is a folder; name a file with --to")
    if is_database(path):
        raise BadInputError(f"{path} is a database, perhaps a ledger; name another --to")
    _require_folder(path.parent)
    try:
        written_whole(path, document, durable=False, mode=0o644)
    except OSError as error:
        raise BadInputError(f"{path} cannot be written ({error.strerror}); name another --to") from None


def _require_folder(path: Path) -> None:
    """Refuse a folder that is not there: most often its name is mistyped."""
    from ledger.errors import BadInputError

    if not path.exists():
        raise BadInputError(f"there is no folder {path}; make it, or name another --to")


def _make_folder(path: Path) -> None:
    """Make a folder of a page, and those above it."""
    from ledger.errors import BadInputError

    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInputError(f"{path} cannot be made ({error.strerror}); name another --to") from None


def _require_url(url: str) -> None:
    """Refuse what is no address of a page; it may be left out."""
    from ledger.errors import BadInputError
    from ledger.intake.web import Address

    if not url:
        return
    try:
        Address.parse(url)
    except BadInputError as error:
        raise BadInputError(f"--url: {error}") from None


def _require_mail(option: str, address: str) -> None:
    """Refuse what no mail could name."""
    from consumers.directory.source import is_writable
    from ledger.errors import BadInputError

    if not all(address.rpartition("@")) or not is_writable("", address):
        raise BadInputError(f"{option} {address!r} is no address; write one as ops@example.com")
