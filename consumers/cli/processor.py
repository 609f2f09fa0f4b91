"""`constat processor`: sub-processors engaged, changed and dismissed, from a day or after one."""

from typing import Annotated

import typer

from consumers.cli import common, recording

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Engage, change and dismiss sub-processors."
)

Processor = Annotated[str, typer.Argument(metavar="PROCESSOR", help="The short name of the company.")]
FromDay = Annotated[str, typer.Option("--from-day", metavar="DAY", help="The first day; it may lie ahead.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, as clients are told.")]


@app.command()
def engage(
    processor: Processor,
    *,
    name: Annotated[str, typer.Option("--name", help="What the company is called.")],
    address: Annotated[str, typer.Option("--address", help="Where it is.")],
    registration: Annotated[
        str, typer.Option("--registration", help="Its number in the register of companies.")
    ],
    role: Annotated[str, typer.Option("--role", help="What it does with the data.")],
    from_day: FromDay,
    contract: Annotated[
        list[str],
        typer.Option("--contract", "-c", help="Whose data; repeatable, those of all if not given."),
    ] = [],  # noqa: B006 - typer copies it
    at: common.OccurredOption = None,
    by: common.ByOption = "ops",
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Say that a company processes personal data of platforms from a day on."""
    from ledger import processors as subject

    day = common.day(from_day)

    def decide(state: subject.Processor) -> subject.ProcessorEngaged:
        engaged = subject.ProcessorEngaged(
            processor=processor,
            name=name,
            address=address,
            registration=registration,
            role=role,
            from_day=day,
            contracts=tuple(contract),
            by=by,
        )
        return subject.engage(state, engaged)

    for each in contract:
        recording.require_contract(ledger, each)
    recording.take_down(ledger, subject, processor, decide, at=at, as_json=as_json)


@app.command()
def change(
    processor: Processor,
    *,
    from_day: FromDay,
    reason: Reason,
    name: Annotated[str | None, typer.Option("--name", help="What it is called then.")] = None,
    address: Annotated[str | None, typer.Option("--address", help="Where it is then.")] = None,
    registration: Annotated[str | None, typer.Option("--registration", help="Its number then.")] = None,
    role: Annotated[str | None, typer.Option("--role", help="What it does then.")] = None,
    at: common.OccurredOption = None,
    by: common.ByOption = "ops",
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Say what is otherwise of a company from a day on; what is not given stays."""
    from ledger import processors as subject

    day = common.day(from_day)

    def decide(state: subject.Processor) -> subject.ProcessorChanged:
        changed = subject.ProcessorChanged(
            processor=processor,
            name=name,
            address=address,
            registration=registration,
            role=role,
            from_day=day,
            reason=reason,
            by=by,
        )
        return subject.change(state, changed)

    recording.take_down(ledger, subject, processor, decide, at=at, as_json=as_json)


@app.command()
def dismiss(
    processor: Processor,
    *,
    last_day: Annotated[
        str, typer.Option("--last-day", metavar="DAY", help="The last day; it may lie ahead.")
    ],
    reason: Reason,
    at: common.OccurredOption = None,
    by: common.ByOption = "ops",
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Say that a company processes no personal data of platforms after a day."""
    from ledger import processors as subject

    day = common.day(last_day)

    def decide(state: subject.Processor) -> subject.ProcessorDismissed:
        dismissed = subject.ProcessorDismissed(processor=processor, last_day=day, reason=reason, by=by)
        return subject.dismiss(state, dismissed)

    recording.take_down(ledger, subject, processor, decide, at=at, as_json=as_json)
