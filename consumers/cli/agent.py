"""`constat agent`: run an agent, try its file, record its plan, take one out of service."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import agent_check, bars, common, opening, printing, recording, times

if TYPE_CHECKING:
    from consumers.agent.file import AgentFile, Loaded
    from consumers.agent.recorded import Machine
    from ledger.application import Ledger

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Run an agent that probes; try it, record its plan; retire agents that probe nothing any more.",
)

File = Annotated[Path, typer.Argument(metavar="FILE", help="The file of the agent, TOML.")]
FileOrNone = Annotated[
    Path | None,
    typer.Argument(metavar="FILE", help="The file of the agent, TOML; left out with --from-ledger."),
]
FromLedger = Annotated[
    str | None,
    typer.Option("--from-ledger", metavar="AGENT", help="The agent, whose plan the ledger has."),
]
CaFile = Annotated[
    Path | None,
    typer.Option("--ca-file", metavar="FILE", help="With --from-ledger: authorities beside the system's."),
]
Again = Annotated[bool, typer.Option("--again", help="Take it back into service, if it was retired.")]
OwnLedger = Annotated[
    str | None,
    typer.Option(
        "--ledger",
        envvar="CONSTAT_LEDGER",
        metavar="PATH|URL",
        help="The ledger; if it is not given, the one that the file names.",
        show_default=common.DEFAULT_LEDGER,
    ),
]


@app.command()
def run(
    file: FileOrNone = None,
    *,
    from_ledger: FromLedger = None,
    outbox: Annotated[
        Path | None,
        typer.Option(
            "--outbox",
            metavar="FILE",
            help="With --from-ledger: where rounds wait.",
            show_default="AGENT.outbox.db",
        ),
    ] = None,
    ca_file: CaFile = None,
    again: Again = False,
    ledger: OwnLedger = None,
) -> None:
    """Probe the targets of a file, or of a plan in the ledger, a round each period, until SIGTERM or Ctrl-C.

    Rounds go to the ledger through an outbox on this disk: while the ledger is away they wait there. What
    happens is logged on the standard error, one JSON object a line. With --from-ledger another plan that
    `constat agent plan` records is taken up between two rounds; the environment has what headers need.
    """
    from consumers.agent import running, sources
    from consumers.agent.file import read_agent_file
    from consumers.service import logs
    from ledger.errors import BadInputError

    machine = _of_machine(file, from_ledger, outbox, ca_file)
    if file:
        loaded = read_agent_file(file)
        logs.configure()
        url, bytes_max = ledger or loaded.file.ledger, loaded.file.outbox_bytes_max
        source: sources.Source = sources.FromFile(loaded)
    else:
        assert from_ledger, "it is one of the two"
        if again:
            raise BadInputError(
                "--again goes with a file; record the plan with `constat agent plan FILE --again`, and start "
                f"{from_ledger} without it"
            )
        logs.configure()
        source, url, bytes_max = sources.FromLedger(from_ledger, machine), ledger, None
    running.run(source, url or common.DEFAULT_LEDGER, outbox_bytes_max=bytes_max, again=again)


@app.command()
def check(
    file: FileOrNone = None,
    *,
    from_ledger: FromLedger = None,
    ca_file: CaFile = None,
    as_json: common.JsonOption = False,
    ledger: OwnLedger = None,
) -> None:
    """Try every target of a file, or of a plan in the ledger, once and print what a round would say.

    It tells of each reference whether it answers, and warns of secrets in the file. Nothing is kept.
    Exit 1 if something is not up, no reference answers, or the clock is not to be trusted.
    """
    from consumers.agent import checking
    from consumers.agent.file import read_agent_file
    from consumers.agent.in_clear import in_clear

    machine = _of_machine(file, from_ledger, None, ca_file)
    if file:
        loaded = read_agent_file(file)
    else:
        assert from_ledger, "it is one of the two"
        loaded = _in_ledger(from_ledger, machine, ledger or common.DEFAULT_LEDGER)
    with bars.progress_bar("trying", len(loaded.file.target)) as advance:
        found = checking.check(loaded, advance)
    if not as_json:
        agent_check.show(found)
    warnings = [*in_clear(loaded.file), *_misfits(loaded.file, ledger or loaded.file.ledger)]
    if as_json:
        who = {"agent": loaded.file.agent, "place": loaded.file.place}
        printing.print_json(who | agent_check.as_json(found) | {"warnings": warnings})
    else:
        _warn(warnings)
    is_well = found.references_answer and not found.distrust
    if not is_well or any(each.judged.outcome != "up" for each in found.tried):
        raise typer.Exit(1)


@app.command()
def plan(
    file: File,
    *,
    again: Again = False,
    at: common.OccurredOption = None,
    as_json: common.JsonOption = False,
    ledger: OwnLedger = None,
) -> None:
    """Record the plan of a file with its targets, for agents that run with --from-ledger; no secret is in it.

    Nothing is recorded if the ledger has it already. Values of headers stay in the environment of the agent.
    """
    from consumers.agent import recorded
    from consumers.agent.file import read_stated

    stated, planned_ms = read_stated(file), recording.occurrence(at)
    with opening.open_ledger(ledger or stated.ledger or common.DEFAULT_LEDGER) as opened:
        done = recorded.record(opened, stated, now_ms=planned_ms, again=again)
        warnings = _held_against(opened, stated)
    _warn(warnings)
    if done or as_json:
        printing.print_recorded(done, as_json=as_json)
    else:
        print(f"the ledger has this plan of agent {stated.agent} already; nothing was recorded")


def _misfits(file: "AgentFile", ledger: str | None) -> list[str]:
    """Where a file does not fit what a ledger has; one that nobody names need not be there."""
    from ledger.errors import ConstatError, MissingLedgerError, RefusedError

    try:
        with opening.open_ledger(ledger or common.DEFAULT_LEDGER) as opened:
            return _held_against(opened, file)
    except RefusedError as error:
        return [f"`constat agent run` would be refused: {error}"]
    except ConstatError as error:
        if ledger is None and isinstance(error, MissingLedgerError):
            return []
        return [f"the file was held against no contract: {error}"]


def _held_against(opened: "Ledger", file: "AgentFile") -> list[str]:
    from consumers.agent.contracted import misfits
    from ledger.intake.own_agents import require_not_imported

    require_not_imported(opened, file.agent, opened.plans_of(file.agent))
    return misfits(opened, [each.platform for each in file.target], file.period_ms, times.now_ms())


def _warn(warnings: list[str]) -> None:
    for each in warnings:
        printing.warn(each)


def _of_machine(
    file: Path | None, from_ledger: str | None, outbox: Path | None, ca_file: Path | None
) -> "Machine":
    """What options say of this machine.

    Raises:
        BadInputError: a file and a ledger are named, or none of them; or an option that a file has a key for.
    """
    from consumers.agent.recorded import Machine
    from ledger.errors import BadInputError

    if file and from_ledger:
        raise BadInputError(
            f"say whether to go by the plan of {file} or that of the ledger: leave one of FILE and "
            "--from-ledger out"
        )
    if not file and not from_ledger:
        raise BadInputError("name the agent's FILE, or with --from-ledger an agent whose plan the ledger has")
    if file and (outbox or ca_file):
        raise BadInputError("--outbox and --ca-file go with --from-ledger; write them into the file")
    return Machine(outbox, ca_file)


def _in_ledger(agent: str, machine: "Machine", ledger: str) -> "Loaded":
    from consumers.agent import recorded

    with opening.open_ledger(ledger) as opened:
        return recorded.loaded_of(*recorded.recorded_for(opened, agent), machine)


@app.command()
def retire(
    name: Annotated[str, typer.Argument(metavar="AGENT", help="The agent's name.")],
    *,
    by: Annotated[str, common.person_option("--by", "Who decided it, by an opaque id.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, without personal data.")],
    at: common.OccurredOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Say that an agent probes nothing any more: it is not missed, and no round of it is taken.

    No figure changes: what it said last holds as long as it ever would. Another plan, which importing more of
    its results makes, takes it back.
    """
    from ledger import plans as subject
    from projections.last_rounds import last_result_ms

    retired_ms = recording.occurrence(at)
    with opening.open_ledger(ledger) as opened, recording.understood():
        retired = subject.AgentRetired(agent=name, reason=reason, by=by)
        last_ms = last_result_ms(opening.known_now(opened), name)
        recorded = opened.record(
            subject.stream_of(name),
            subject.INITIAL,
            subject.evolve,
            lambda state: subject.retire(state, retired, retired_ms, last_ms),
            occurred_ms=retired_ms,
        )
    printing.print_recorded(recorded, as_json=as_json)
