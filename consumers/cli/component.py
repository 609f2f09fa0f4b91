"""`constat component`: optional components of a platform, switched on and off by the client's own choice."""

from enum import StrEnum
from typing import Annotated

import typer

from consumers.cli import common, recording

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Enable and disable the optional components of a platform.",
)

Platform = Annotated[str, typer.Argument(metavar="PLATFORM", help="The platform concerned.")]
Component = Annotated[
    str, typer.Argument(metavar="COMPONENT", help="The component's short name, as google-analytics.")
]


class Kind(StrEnum):
    """What a component is for."""

    analytics = "analytics"
    sharing = "sharing"
    sign_on = "sign-on"
    drive = "drive"


@app.command()
def enable(
    platform: Platform,
    component: Component,
    *,
    name: Annotated[str, typer.Option("--name", help="What people call it, as Google Analytics.")],
    kind: Annotated[Kind, typer.Option("--kind", help="What it is for.")],
    transfers_outside_eu: Annotated[
        bool,
        typer.Option(
            "--outside-eu/--inside-eu", help="Whether it may transfer data outside the European Union."
        ),
    ],
    at: common.OccurredOption = None,
    by: common.ByOption = "ops",
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Say that a component was switched on."""
    from ledger import components as subject

    def decide(state: subject.Components) -> subject.ComponentEnabled:
        enabled = subject.ComponentEnabled(
            platform=platform,
            component=component,
            name=name,
            kind=kind.value,
            transfers_outside_eu=transfers_outside_eu,
            by=by,
        )
        return subject.enable(state, enabled)

    recording.take_down(ledger, subject, platform, decide, at=at, as_json=as_json, platforms=[platform])


@app.command()
def disable(
    platform: Platform,
    component: Component,
    *,
    at: common.OccurredOption = None,
    by: common.ByOption = "ops",
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Say that a component was switched off."""
    from ledger import components as subject

    disabled_ms = recording.occurrence(at)

    def decide(state: subject.Components) -> subject.ComponentDisabled:
        disabled = subject.ComponentDisabled(platform=platform, component=component, by=by)
        return subject.disable(state, disabled, disabled_ms)

    recording.take_down(ledger, subject, platform, decide, at=at, as_json=as_json, platforms=[platform])
