"""A Prometheus server's history taken into the ledger part by part, from where the last reading ended."""

from collections.abc import Callable
from dataclasses import replace

from ledger.application import Ledger
from ledger.errors import BadInputError
from ledger.instants import DAY_MS, format_instant
from ledger.intake.importing import Imported, import_results
from ledger.intake.own_agents import require_not_probing
from ledger.intake.prometheus import LATE_MS, PrometheusSource
from ledger.intake.results import Progress, silent
from ledger.intake.resuming import last_round_ms

KNOWN_MS = 7 * DAY_MS
"""How far back it is looked which series are probes: an exporter may be gone for a week."""
ADVICE = (
    "samples do not change, so this agent was given results of another source, or other names: name another "
    "--agent"
)


def first_instant(
    ledger: Ledger, source: PrometheusSource, from_ms: int | None, until_ms: int, *, again: bool
) -> int:
    """Where a reading begins: where the last one ended, or at `from_ms` if it is the first or told to.

    A platform that the agent's plan does not have yet is read from `from_ms` on; what is stored already costs
    only the reading.

    Raises:
        BadInputError: it is the first reading, and nobody says from when on.
        RefusedError: the agent is one of our own that probes; the server is not asked.
    """
    require_not_probing(ledger, [source.agent])
    last_ms = last_round_ms(ledger, source.agent)
    if last_ms is None:
        if from_ms is None:
            raise BadInputError(
                f"agent {source.agent} has no results yet; say with --from TIME where its history begins"
            )
        source.look_up(from_ms, until_ms)
        return from_ms
    resumed_ms = last_ms - LATE_MS
    if from_ms is None or from_ms > resumed_ms:
        source.look_up(resumed_ms - KNOWN_MS, until_ms)
        return resumed_ms if from_ms is None else from_ms
    plan = ledger.plans_of(source.agent).last
    planned = {each.platform for each in plan.platforms} if plan else set()
    is_known = source.look_up(from_ms, until_ms) <= planned | source.read_whole
    return resumed_ms if is_known and not again else from_ms


def import_prometheus(  # noqa: PLR0913 - what, where to, from when to when, and who watches
    ledger: Ledger,
    source: PrometheusSource,
    from_ms: int,
    until_ms: int,
    *,
    progress: Progress = silent,
    is_ended: Callable[[], bool] = lambda: False,
) -> Imported:
    """Store what is new in an interval, part by part: whoever ends it in between loses no part.

    Raises:
        BadInputError: the server refuses, its samples are no results, or contradict what is stored.
        UnreachableSourceError: it does not answer; the parts before are stored.
        ConflictError: see `import_source`.
    """
    imported = Imported(source.name, 0, 0, 0, {}, {}, (), ())
    for start_ms, end_ms in source.parts(from_ms, until_ms):
        found = source.read(start_ms, end_ms)
        if not found.frame.is_empty():
            imported = imported.followed_by(import_results(ledger, source, found, advice=ADVICE))
        progress(end_ms - from_ms, until_ms - from_ms)
        if is_ended():
            break
    else:
        source.read_whole |= source.found
    return replace(imported, notes=_notes(source, imported, from_ms), news=source.news())


def _notes(source: PrometheusSource, imported: Imported, from_ms: int) -> tuple[str, ...]:
    if imported.read:
        return source.notes()
    nothing = f"no sample since {format_instant(from_ms)}; if there should be, look at --query and --from"
    return (nothing, *source.notes())
