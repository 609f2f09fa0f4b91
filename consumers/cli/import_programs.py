"""`constat import prometheus`, `uptime-kuma`, `gatus`: the history that a program has kept."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import common, flowing, import_bars, times

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.application import Ledger
    from ledger.intake.gatus import Gatus
    from ledger.intake.importing import Imported

_DATABASES = ("postgresql://", "postgres://")

FromOption = Annotated[
    str | None,
    typer.Option("--from", metavar="TIME", help="Where the history begins; needed the first time."),
]
ToOption = Annotated[
    str | None, typer.Option("--to", metavar="TIME", help="Where to stop reading; now if not given.")
]


class Pending(StrEnum):
    """What a failed try counts as that is tried again."""

    down = "down"
    degraded = "degraded"
    unknown = "unknown"


def add_to(app: typer.Typer) -> None:
    """Add a command for each program."""
    app.command("prometheus")(prometheus)
    app.command("uptime-kuma")(uptime_kuma)
    app.command("gatus")(gatus)


def prometheus(
    url: Annotated[str, typer.Argument(metavar="URL", help="The server, before /api/v1.")],
    *,
    query: Annotated[
        str, typer.Option("--query", metavar="SELECTOR", help="Which series; a metric and its matchers.")
    ] = "probe_success",
    start: FromOption = None,
    end: ToOption = None,
    label: Annotated[
        str, typer.Option("--label", metavar="LABEL", help="The label that names the platform.")
    ] = "instance",
    name: flowing.NamesOption = [],  # noqa: B006 - typer copies it
    agent: flowing.AgentOption = "prometheus",
    again: Annotated[
        bool, typer.Option("--again", help="Read from --from once more, not from where it ended.")
    ] = False,
    follow: common.FollowOption = False,
    every: flowing.EveryOption = 60.0,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Store what is new of a blackbox exporter's samples, raw and as they were scraped.

    Where the exporter itself could not be scraped the platforms are unknown, not down; without a sample there
    is no result. CONSTAT_SOURCE_TOKEN goes to the server as its bearer token.
    """
    from ledger.errors import BadInputError
    from ledger.intake.prometheus import PrometheusSource
    from ledger.intake.prometheus_api import Prometheus, Selector
    from ledger.intake.prometheus_import import first_instant, import_prometheus

    if follow and end is not None:
        raise BadInputError("--follow goes on with what comes, and --to stops; name one of them")
    from_ms, to_ms = _extent(start, end)
    server = Prometheus(flowing.web(url))
    source = PrometheusSource(server, Selector.parse(query), agent, label, flowing.names(name))

    def take(to: "Ledger", is_ended: "Callable[[], bool]") -> "Imported":
        now_ms = times.now_ms()
        until_ms = now_ms if to_ms is None else min(to_ms, now_ms)
        first_ms = first_instant(to, source, from_ms, until_ms, again=again)
        with import_bars.watched(f"reading {source.name}", max(until_ms - first_ms, 1)) as progress:
            return import_prometheus(to, source, first_ms, until_ms, progress=progress, is_ended=is_ended)

    flowing.read(ledger, source.name, take, follow=follow, every_s=every, as_json=as_json)


def _extent(start: str | None, end: str | None) -> tuple[int | None, int | None]:
    """The instants of --from and --to, as far as they are given.

    Raises:
        BadInputError: one is no time, is yet to come, or the end does not come after the beginning.
    """
    from ledger.errors import BadInputError

    from_ms = None if start is None else times.instant(start)
    to_ms = None if end is None else times.instant(end)
    if from_ms is not None and from_ms > times.now_ms():
        raise BadInputError(f"--from {start} is yet to come; say from when on there is a history")
    if from_ms is not None and to_ms is not None and to_ms <= from_ms:
        raise BadInputError(f"--to {end} does not come after --from {start}; correct one of them")
    return from_ms, to_ms


def uptime_kuma(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The kuma.db of an Uptime Kuma 2.")],
    *,
    pending: Annotated[
        Pending, typer.Option("--pending", help="What a failed beat counts as that Kuma tries again.")
    ] = Pending.down,
    name: flowing.NamesOption = [],  # noqa: B006 - typer copies it
    agent: flowing.AgentOption = "uptime-kuma",
    follow: common.FollowOption = False,
    every: flowing.EveryOption = 60.0,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Store what is new of an Uptime Kuma's beats.

    Of what is older than a day Kuma keeps only changes; they are stored as results of a second agent, whose
    name ends with -changes. During a maintenance of Kuma nothing is probed, and the platform is unknown.
    """
    from ledger.intake.kuma import KumaFile
    from ledger.intake.kuma_import import KumaSource, import_kuma

    source = KumaSource(KumaFile(file), agent, pending.value, flowing.names(name))
    flowing.read(
        ledger,
        str(file),
        lambda to, _is_ended: import_kuma(to, source),
        follow=follow,
        every_s=every,
        as_json=as_json,
    )


def gatus(
    place: Annotated[
        str, typer.Argument(metavar="URL|FILE", help="A Gatus that runs, or its SQLite file or PostgreSQL.")
    ],
    *,
    name: flowing.NamesOption = [],  # noqa: B006 - typer copies it
    agent: flowing.AgentOption = "gatus",
    follow: common.FollowOption = False,
    every: flowing.EveryOption = 60.0,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Store what is new of the results that a Gatus keeps: a hundred of each endpoint, or as it is set.

    A platform is named `group/name`, made plain. The conditions that did not hold are kept as its error.
    PostgreSQL (postgresql://user@host:5432/database) needs the extra `postgresql`; its password is taken from
    PGPASSWORD or a passfile.
    """
    from ledger.intake.gatus_import import import_gatus

    source, named = _gatus_at(place), flowing.names(name)
    flowing.read(
        ledger,
        source.name,
        lambda to, _is_ended: import_gatus(to, source, agent, named),
        follow=follow,
        every_s=every,
        as_json=as_json,
    )


def _gatus_at(place: str) -> "Gatus":
    from ledger.intake.gatus import GatusApi
    from ledger.intake.gatus_tables import GatusFile

    if place.startswith(_DATABASES):
        return _gatus_database(place)
    return GatusApi(flowing.web(place)) if "://" in place else GatusFile(Path(place))


def _gatus_database(url: str) -> "Gatus":
    from ledger.errors import BadInputError

    try:
        from ledger.intake.gatus_postgresql import GatusDatabase
    except ImportError as error:
        raise BadInputError(
            f"a PostgreSQL is read with psycopg, which is not usable here ({error}); install it with: "
            "pip install 'constat[postgresql]'"
        ) from None
    return GatusDatabase(url)
