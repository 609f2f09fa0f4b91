"""`constat live`: how the platforms and the agents are now, as the ledger sees it."""

from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import bars, common, opening, printing

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

    from projections.live import AgentLive, Live, PlatformLive, RoundLive, SaidLive

app = typer.Typer(add_completion=False)

SIGNS = {"up": "✓", "degraded": "!", "down": "✗", "unknown": "?"}
STYLES = {"up": "green", "degraded": "yellow", "down": "bold red", "unknown": "bold"}


@app.command()
def live(
    *,
    once: Annotated[bool, typer.Option("--once", help="Print it once and leave.")] = False,
    every: Annotated[
        float, typer.Option("--every", metavar="SECONDS", min=0.5, help="How often it is looked at anew.")
    ] = 5.0,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Show the verdict on each platform now, since when, and the last rounds of each agent.

    Of an agent whose last word does not hold any more it says since when it is silent.

    It goes on until Ctrl-C; with --once, with --json or into a pipe it is shown once, and then exit 1 if a
    platform is down.
    """
    if as_json or once or not bars.is_terminal():
        found = _look(ledger)
        if as_json:
            printing.print_json(found.model_dump(mode="json"))
        else:
            printing.console().print(_page(found))
        if any(each.verdict == "down" for each in found.platforms):
            raise typer.Exit(1)
        return
    _keep_looking(ledger, every)


def _look(ledger: str) -> "Live":
    with opening.open_known(ledger, None) as known:
        from consumers.pages.harmless import harmless
        from projections.live import live as now

        return harmless(now(known))


def _keep_looking(ledger: str, every_s: float) -> None:
    from rich.live import Live as Shown
    from rich.text import Text

    from consumers.stopping import until_told
    from ledger.errors import UnknownOutcomeError, UnusableLedgerError

    page: RenderableType = _page(_look(ledger))
    with until_told() as stop, Shown(page, console=printing.console(), auto_refresh=False) as shown:
        while not stop.wait(every_s):
            try:
                page = _page(_look(ledger))
            except (UnusableLedgerError, UnknownOutcomeError) as error:
                page = Text(f"the ledger is away: {error}")
            shown.update(page, refresh=True)


# ---------------------------------------------------------------- what it looks like


def _page(found: "Live") -> "RenderableType":
    from rich.console import Group

    return Group(f"as of {found.at}", "", _platforms(found.platforms), "", _agents(found.agents))


def _platforms(platforms: "tuple[PlatformLive, ...]") -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table("", "platform", "verdict", "since", "what the agents said last", box=None, pad_edge=False)
    for each in platforms:
        style = STYLES[each.verdict]
        table.add_row(
            Text(SIGNS[each.verdict], style),
            each.platform,
            Text(each.verdict, style),
            each.since or "for longer",
            Text("\n".join(_said(each)) or "nobody probes it"),
        )
    return table


def _said(platform: "PlatformLive") -> list[str]:
    """Agents that say up are named together; each other one has a line of its own, who is silent too.

    Where nobody knows, each has one, with the time at which it said so.
    """
    silent = [
        f"{said.agent}: silent since {said.silent_since}, last {_words(said)}"
        for said in platform.said
        if said.silent_since
    ]
    heard = [said for said in platform.said if not said.silent_since]
    if platform.verdict == "unknown":
        return [*(f"{said.agent}: {_words(said)}, at {said.at}" for said in heard), *silent]
    well = [said.agent for said in heard if said.outcome == "up"]
    others = [f"{said.agent}: {_words(said)}" for said in heard if said.outcome != "up"]
    return [*others, *([f"{', '.join(well)}: up"] if well else []), *silent]


def _words(said: "SaidLive") -> str:
    return f"{said.outcome}{f', {said.error}' if said.error else ''}"


def _agents(agents: "tuple[AgentLive, ...]") -> "Text":
    from rich.text import Text

    return Text("\n".join(line for each in agents for line in _agent(each)))


def _agent(agent: "AgentLive") -> list[str]:
    place = f", {agent.place}" if agent.place else ""
    last = (
        f"  {''.join(map(_sign, agent.rounds))}  {_told(agent.rounds[-1])}" if agent.rounds else "  no round"
    )
    silent = f", silent since {agent.silent_since}" if agent.silent_since else ""
    return [f"{agent.agent}{place}{_run(agent)}{silent}", last]


def _run(agent: "AgentLive") -> str:
    if agent.started is None:
        return ""
    if agent.stopped is not None:
        return f", stopped {agent.stopped}"
    return f", version {agent.version}, started {agent.started}"


def _sign(found: "RoundLive") -> str:
    """One sign a round: the worst of what is in it."""
    if found.down:
        return SIGNS["down"]
    if found.unknown or found.missing:
        return SIGNS["unknown"]
    return SIGNS["degraded"] if found.degraded else SIGNS["up"]


def _told(found: "RoundLive") -> str:
    counts = {
        "up": found.up,
        "degraded": found.degraded,
        "down": found.down,
        "unknown": found.unknown,
        "missing": found.missing,
    }
    said = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    return f"round {found.number} at {found.at}: {said}"
