"""Options that many commands have, and what they take."""

from typing import Annotated, Any

import typer

DEFAULT_LEDGER = "sqlite:///constat.db"

LedgerOption = Annotated[
    str,
    typer.Option(
        "--ledger",
        envvar="CONSTAT_LEDGER",
        metavar="PATH|URL",
        help="The ledger: its file, or sqlite:///relative.db, sqlite:////absolute.db, kafka://host:port/name.",
        show_default=True,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object for machines.")]
NoCacheOption = Annotated[
    bool,
    typer.Option("--no-cache", help="Fold every round anew, and keep nothing; the figures are the same."),
]
AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", metavar="TIME|POSITION|SEAL", help="As known then; now if not given."),
]
OccurredOption = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="When it happened, with its offset; now if not given."),
]


def _opaque(option: typer.CallbackParam, value: Any) -> Any:  # noqa: ANN401 - one id, several or none
    """Ids of people as an option names them; every such option has this for its callback.

    Here and not in the facts, so that a ledger of before in which an address stands is read all the same.

    Raises:
        BadInputError: one is an address or no id. It is not repeated: what is printed may be logged.
    """
    from ledger.errors import BadInputError
    from ledger.intake.names import is_name

    for each in [value] if isinstance(value, str) else value or ():
        if "@" in each:
            raise BadInputError(
                f"{option.opts[0]}: an id of a person has no @; an address would stay in the ledger for "
                "ever, so write an id that tells nothing of the person, as p-4711"
            )
        if not is_name(each):
            raise BadInputError(
                f"{option.opts[0]}: an id of a person has at most 100 letters without accents, digits, "
                "points, hyphens or underscores, and begins with a letter or a digit; a name would stay in "
                "the ledger for ever, so write an id that tells nothing of the person, as p-4711"
            )
    return value


def person_option(name: str, line: str) -> Any:  # noqa: ANN401 - as the library's own options
    """An option that takes the ids of people; `line` is its help."""
    return typer.Option(name, metavar="ID", callback=_opaque, help=line)


ByOption = Annotated[str, person_option("--by", "Who says so, by an opaque id.")]
FollowOption = Annotated[
    bool, typer.Option("--follow", help="Go on with what comes, until SIGTERM or Ctrl-C.")
]


def ledger_to_name(ledger: str, *, for_others: bool = False) -> str | None:
    """How a command that asks again names its ledger: not at all if it is the default one.

    What others are shown is without the options of the URL, which say who asks and how he gets in.
    """
    if ledger == DEFAULT_LEDGER:
        return None
    return ledger.partition("?")[0] if for_others else ledger


def pairs(
    texts: list[str], option: str, form: str = "name=value", *, by_last: bool = False
) -> dict[str, str]:
    """Options written `name=value`, as a mapping: by their first `=`, or the last one if names hold others.

    Raises:
        BadInputError: one of them has no `=` or nothing beside it, or a name comes twice.
    """
    from ledger.errors import BadInputError

    found: dict[str, str] = {}
    for text in texts:
        name, _, value = text.rpartition("=") if by_last else text.partition("=")
        if not name or not value or name in found:
            raise BadInputError(f"{option} {text!r}: write each once, as {form}")
        found[name] = value
    return found
