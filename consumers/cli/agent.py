"""`constat agent`: agents that are taken out of service."""

from typing import Annotated

import typer

from consumers.cli import common, recording

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Retire agents that probe nothing any more."
)


@app.callback()
def agent() -> None:
    """Retire agents that probe nothing any more."""


@app.command()
def retire(
    name: Annotated[str, typer.Argument(metavar="AGENT", help="The agent's name.")],
    *,
    by: Annotated[str, typer.Option("--by", metavar="ID", help="Who decided it, by an opaque id.")],
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
    with common.open_ledger(ledger) as opened, recording.understood():
        retired = subject.AgentRetired(agent=name, reason=reason, by=by)
        last_ms = last_result_ms(common.known_now(opened), name)
        recorded = opened.record(
            subject.stream_of(name),
            subject.INITIAL,
            subject.evolve,
            lambda state: subject.retire(state, retired, retired_ms, last_ms),
            occurred_ms=retired_ms,
        )
    common.print_recorded(recorded, as_json=as_json)
