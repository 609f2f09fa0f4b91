"""`constat contract`: sign, amend, end and show contracts; add and remove platforms; write a template."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from consumers.cli import common, opening, printing, recording, times

if TYPE_CHECKING:
    from ledger.contracts import Contract

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Sign, amend, end and show contracts; write a template."
)

ContractName = Annotated[str, typer.Argument(metavar="CONTRACT", help="The contract's name.")]
ContractPath = Annotated[Path, typer.Argument(metavar="FILE", help="A contract file.")]
Reason = Annotated[str, typer.Option("--reason", help="Why.")]


TEMPLATES = ("jamespot",)
"""The contracts that there is a template of."""


class Language(StrEnum):
    """The languages of the template's comments."""

    fr = "fr"
    en = "en"


class Offer(StrEnum):
    """What was bought: it decides on the storage."""

    fast_track = "fast-track"
    professional = "professional"
    enterprise = "enterprise"
    vault = "vault"


@app.command()
def template(
    name: Annotated[str, typer.Argument(metavar="TEMPLATE", help=f"Which one: {', '.join(TEMPLATES)}.")],
    *,
    language: Annotated[Language, typer.Option("--language", "-l", help="Of the comments.")] = Language.fr,
) -> None:
    """Print a contract file with every clause and every reading, to be changed."""
    from ledger.errors import BadInputError
    from ledger.intake.contract_template import template as text_of

    if name not in TEMPLATES:
        raise BadInputError(
            f"there is no template {name!r}; there is: {', '.join(TEMPLATES)}. Your own name goes into the "
            "file that it prints, as `contract`"
        )
    print(text_of(language.value), end="")


@app.command()
def sign(
    file: ContractPath,
    *,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Sign the contract of a file, with its platforms; a file that does not exist is made, topics are not."""
    from ledger import contracts as subject
    from ledger.intake.contract_file import read_contract

    stated = read_contract(file)
    subject.sign(subject.INITIAL, stated.signed)  # what can never be signed makes no ledger

    def decide(state: subject.Contract) -> list[Any]:
        return [subject.sign(state, stated.signed), *stated.added]

    with opening.open_ledger(ledger, create=True) as opened:
        recorded = opened.record(
            subject.stream_of(stated.contract),
            subject.INITIAL,
            subject.evolve,
            decide,
            occurred_ms=times.now_ms(),
        )
    printing.print_recorded(recorded, as_json=as_json)


@app.command()
def amend(
    file: ContractPath,
    *,
    from_day: Annotated[
        str, typer.Option("--from-day", metavar="DAY", help="The first day of the new terms.")
    ],
    reason: Reason,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Put the terms of a file in force from a day on; what was judged before stays as it was agreed.

    Only terms can be amended: a file that says something else of client, zone, days or platforms is refused.
    """
    from ledger import contracts as subject
    from ledger.intake.contract_file import read_contract, require_only_terms

    stated = read_contract(file)
    day = times.day(from_day)

    def decide(state: subject.Contract) -> subject.ContractAmended:
        require_only_terms(stated, state)
        return subject.amend(state, day, stated.terms, reason)

    recording.take_down(ledger, subject, stated.contract, decide, at=None, as_json=as_json)


@app.command()
def end(
    contract: ContractName,
    *,
    last_day: Annotated[str, typer.Option("--last-day", metavar="DAY", help="The last day that counts.")],
    reason: Reason,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """End a contract after a day."""
    from ledger import contracts as subject

    day = times.day(last_day)
    recording.take_down(
        ledger, subject, contract, lambda state: subject.end(state, day, reason), at=None, as_json=as_json
    )


@app.command("add-platform")
def add_platform(
    contract: ContractName,
    platform: Annotated[str, typer.Argument(metavar="PLATFORM", help="The platform's name.")],
    *,
    from_day: Annotated[str, typer.Option("--from-day", metavar="DAY", help="The first day that counts.")],
    offer: Annotated[Offer, typer.Option("--offer", help="What was bought.")] = Offer.enterprise,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Add a platform to a contract from a day on."""
    from ledger import contracts as subject

    day = times.day(from_day)
    recording.take_down(
        ledger,
        subject,
        contract,
        lambda state: subject.add_platform(state, platform, day, offer.value),
        at=None,
        as_json=as_json,
    )


@app.command("remove-platform")
def remove_platform(
    contract: ContractName,
    platform: Annotated[str, typer.Argument(metavar="PLATFORM", help="The platform's name.")],
    *,
    last_day: Annotated[str, typer.Option("--last-day", metavar="DAY", help="The last day that counts.")],
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Let a platform leave a contract after a day."""
    from ledger import contracts as subject

    day = times.day(last_day)
    recording.take_down(
        ledger,
        subject,
        contract,
        lambda state: subject.remove_platform(state, platform, day),
        at=None,
        as_json=as_json,
    )


@app.command()
def show(
    contract: ContractName,
    *,
    as_of: common.AsOfOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Show a contract: its days, its platforms, every version of its terms."""
    with opening.open_known(ledger, as_of) as known:
        found = _object(known.contract(contract))
    if as_json:
        printing.print_json(found)
    else:
        _print(found)


def _object(contract: "Contract") -> dict[str, Any]:
    signed = contract.signed
    assert signed is not None
    return {
        "contract": signed.contract,
        "client": signed.client,
        "language": signed.language,
        "zone": signed.zone,
        "first_day": str(signed.first_day),
        "last_day": str(contract.last_day) if contract.last_day else None,
        "platforms": [
            {
                "platform": each.platform,
                "offer": each.offer,
                "from_day": str(each.from_day),
                "last_day": str(each.last_day) if each.last_day else None,
            }
            for each in contract.platforms
        ],
        "versions": [
            {
                "terms_version": each.terms_version,
                "from_day": str(each.from_day),
                "position": each.position,
                "terms": each.terms.model_dump(mode="json", by_alias=True),
            }
            for each in contract.versions
        ],
    }


def _print(found: dict[str, Any]) -> None:
    from ledger.intake.contract_template import toml

    until = f" to {found['last_day']}" if found["last_day"] else ""
    print(
        f"{found['contract']}: {found['client']}, from {found['first_day']}{until}, days of {found['zone']}"
    )
    for each in found["platforms"]:
        left = f" to {each['last_day']}" if each["last_day"] else ""
        print(f"  platform {each['platform']} ({each['offer']}) from {each['from_day']}{left}")
    for version in found["versions"]:
        print(
            f"  terms {version['terms_version']} from {version['from_day']} (position {version['position']})"
        )
        terms = dict(version["terms"])
        readings = terms.pop("readings")
        for key, value in (*terms.items(), *readings.items()):
            print(f"    {key} = {toml(value)}")
