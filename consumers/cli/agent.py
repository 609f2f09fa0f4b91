"""`constat agent`: run an agent, try its file, take one out of service."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from consumers.cli import bars, common, opening, printing, recording

if TYPE_CHECKING:
    from consumers.agent.checking import Checked, Tried

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Run an agent that probes; try its file; retire agents that probe nothing any more.",
)

File = Annotated[Path, typer.Argument(metavar="FILE", help="The file of the agent, TOML.")]
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
    file: File,
    *,
    again: Annotated[
        bool, typer.Option("--again", help="Take it back into service, if it was retired.")
    ] = False,
    ledger: OwnLedger = None,
) -> None:
    """Probe the targets of a file, a round each period, until SIGTERM or Ctrl-C.

    Rounds go to the ledger through an outbox on this disk: while the ledger is away they wait there. What
    happens is logged on the standard error, one JSON object a line.
    """
    from consumers.agent import running
    from consumers.agent.file import read_agent_file
    from consumers.service import logs

    loaded = read_agent_file(file)
    logs.configure()
    running.run(loaded, ledger or loaded.file.ledger or common.DEFAULT_LEDGER, again=again)


@app.command()
def check(file: File, *, as_json: common.JsonOption = False) -> None:
    """Try every target of a file once and print what a round would say; nothing is kept.

    Exit 1 if something is not up, no reference answers, or the clock is not to be trusted.
    """
    from consumers.agent import checking
    from consumers.agent.file import read_agent_file

    loaded = read_agent_file(file)
    with bars.progress_bar("trying", len(loaded.file.target)) as advance:
        found = checking.check(loaded, advance)
    if as_json:
        printing.print_json({"agent": loaded.file.agent, "place": loaded.file.place} | _as_json(found))
    else:
        _show(found)
    is_well = found.references_answer and not found.distrust
    if not is_well or any(each.judged.outcome != "up" for each in found.tried):
        raise typer.Exit(1)


def _as_json(found: "Checked") -> dict[str, Any]:
    return {
        "references_answer": found.references_answer,
        "clock": found.distrust,
        "platforms": [
            {"platform": each.target.platform, "kind": each.target.kind, **each.judged._asdict()}
            for each in found.tried
        ],
    }


def _show(found: "Checked") -> None:
    width = max(len(each.target.platform) for each in found.tried)
    for each in found.tried:
        print(f"{each.target.platform:{width}}  {_line(each)}")
    if not found.references_answer:
        print("no reference answers: whatever failed would be unknown, not down")
    if found.distrust:
        print(f"{found.distrust}: a round would say unknown of everything")


def _line(tried: "Tried") -> str:
    judged = tried.judged
    status = f"HTTP {judged.status}, " if judged.status else ""
    answered = f"{status}{judged.latency_ms} ms"
    return f"{judged.outcome:8}  {judged.error or answered}"


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
