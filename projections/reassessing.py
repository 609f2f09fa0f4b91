"""Which assessed periods come to something else by what was recorded since, or may do so.

A correction, a ruling, a notice, work or the fate of a mail is judged: what a period comes to now is worked
out for the contracts that such a fact concerns, because that reads rounds. Late rounds are so many that they
are not judged here: that they came in is said, and the next assessment of the contract looks at them anyway.
Where none will come, because the contract is over, they are judged too.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ledger import seals
from ledger.assessments import Assessed, Assessments
from ledger.claims import ClaimRuled
from ledger.contracts import Contract
from ledger.corrections import ResultsCorrected
from ledger.errors import BadInputError, RefusedError
from ledger.fact import RecordedFact
from ledger.instants import DAY_MS
from ledger.interval import Interval
from ledger.mails import MailFact
from ledger.maintenance import INITIAL, Maintenance
from ledger.seals import SealMade
from projections.asof import Known
from projections.assessment import conclusions
from projections.attention import Attention, concerned, signed
from projections.late_rounds import Late, LateRounds
from projections.periods import PERIOD_DAYS_MAX, periods_of

_SUBJECTS = ("correction", "claim", "maintenance", "mail")
"""Of the facts that may move a period which has ended."""


class _Moving(NamedTuple):
    """A fact that may move periods, and of which platforms and intervals it speaks."""

    position: int
    recorded_ms: int
    platforms: tuple[str, ...]
    spans: tuple[Interval, ...]


def due_revisions(known: Known) -> Iterator[Attention]:
    """The periods of all contracts of which another revision is due, or may be.

    The facts are gone through once, and not for each contract.
    """
    if not known.assessments:
        return
    by_platform, late = _by_platform(known), LateRounds(known)
    for name, contract in signed(known):
        state = known.assessments.get(name, Assessments())
        if state.periods:
            moved = _moved(by_platform, known, contract, state)
            yield from _revisions(known, name, moved, _late(known, contract, state, late))


def _revisions(
    known: Known, name: str, moved: Sequence[_Moving], late: Mapping[int, Late]
) -> Iterator[Attention]:
    standing = known.assessments[name].periods
    next_due_ms = _next_due_ms(known, name)
    recorded_ms = [each.recorded_ms for each in moved]
    if late and next_due_ms is None:
        recorded_ms += [each.recorded_ms for several in late.values() for each in several]
    changed = _changed(known, name) if recorded_ms else []
    for number in changed:
        yield _due(name, standing[number], min(recorded_ms), moved)
    if next_due_ms is not None:
        for number in late.keys() - set(changed):
            yield _perhaps(name, standing[number], late[number], next_due_ms)


def _due(name: str, assessed: Assessed, since_ms: int, moved: Sequence[_Moving]) -> Attention:
    """At once, since whoever pays waits."""
    return Attention(
        kind="assessment-due",
        subject=f"{name}/{assessed.made.period_number}",
        contracts=(name,),
        since_ms=since_ms,
        due_ms=since_ms,
        what="again",
        positions=(assessed.position, *(each.position for each in moved)),
    )


def _perhaps(name: str, assessed: Assessed, late: Late, due_ms: int) -> Attention:
    return Attention(
        kind="assessment-due",
        subject=f"{name}/{assessed.made.period_number}",
        contracts=(name,),
        since_ms=min(each.recorded_ms for each in late),
        due_ms=due_ms,
        what="perhaps",
        about=tuple(each.agent for each in late),
        positions=(assessed.position,),
    )


# ---------------------------------------------------------------- facts


def _by_platform(known: Known) -> Mapping[str, Sequence[_Moving]]:
    """The facts recorded since the first of the assessments that stand, by the platforms they speak of."""
    first = min(
        (
            _sealed_up_to(known, each)
            for state in known.assessments.values()
            for each in state.periods.values()
        ),
        default=0,
    )
    found: defaultdict[str, list[_Moving]] = defaultdict(list)
    for subject in _SUBJECTS:
        for recorded in known.facts_about(subject):
            if recorded.position > first and (speaks := _speaks_of(recorded, known)):
                moving = _Moving(recorded.position, recorded.recorded_ms, *speaks)
                for platform in moving.platforms:
                    found[platform].append(moving)
    return found


def _speaks_of(recorded: RecordedFact, known: Known) -> tuple[tuple[str, ...], tuple[Interval, ...]] | None:
    match recorded.fact:
        case ResultsCorrected() as fact:
            return (fact.platform,), (fact.interval.interval,)
        case ClaimRuled() as fact if filed := known.claims[fact.claim].filed:
            return filed.platforms, (filed.claimed.interval,)
        case MailFact(maintenance=str(name)):
            return _of_work(known.maintenances.get(name, INITIAL))
    subject, _, name = recorded.stream.partition(":")
    return _of_work(known.maintenances[name]) if subject == "maintenance" else None


def _of_work(work: Maintenance) -> tuple[tuple[str, ...], tuple[Interval, ...]]:
    """Everything that was ever announced of some work, because a notice also takes back the one before it."""
    spans = [notice.announced for notice in work.notices if notice.announced]
    if work.started_ms is not None:
        spans.append(Interval(work.started_ms, max(work.finished_ms or 0, work.started_ms + 1)))
    return work.platforms, tuple(spans)


def _moved(
    by_platform: Mapping[str, Sequence[_Moving]], known: Known, contract: Contract, state: Assessments
) -> list[_Moving]:
    """The facts that may move an assessed period of a contract, in order of position."""
    own = {moving for each in contract.platforms for moving in by_platform.get(each.platform, ())}
    return [each for each in sorted(own) if _may_move(each, known, contract, state.periods)]


def _may_move(moving: _Moving, known: Known, contract: Contract, standing: Mapping[int, Assessed]) -> bool:
    touched = [
        each.made.period.interval
        for each in standing.values()
        if moving.position > _sealed_up_to(known, each)
        and any(span.overlaps(each.made.period.interval) for span in moving.spans)
    ]
    return bool(touched and concerned(contract, moving.platforms, *touched))


def _sealed_up_to(known: Known, assessed: Assessed) -> int:
    """Up to where the facts were known on which an assessment rests."""
    sealed = known.seals.get(assessed.made.seal, seals.INITIAL).made
    return sealed.position if sealed else assessed.position


def _changed(known: Known, name: str) -> list[int]:
    """The numbers of assessed periods that come to something else now; none if that cannot be judged."""
    state = known.assessments[name]
    try:
        found = conclusions(known.about([known.contract(name)]), name)
    except (BadInputError, RefusedError):
        return []
    return [each.number for each in found if each.number in state.periods and each.is_new_to(state)]


# ---------------------------------------------------------------- rounds


def _late(known: Known, contract: Contract, state: Assessments, late: LateRounds) -> dict[int, Late]:
    """The assessed periods in which rounds started that came in after the contract was assessed last.

    That is when a seal was last taken down for any of its periods: all of them were looked at then.
    """
    sealed = _last_seal(known, state.periods.values())
    if sealed is None:
        return {}
    numbers = {each.agent: each.number for each in sealed.rounds}
    periods = [each.made.period.interval for each in state.periods.values()]
    found = zip(state.periods, late.of(contract, periods, numbers), strict=True)
    return {number: rounds for number, rounds in found if rounds}


def _last_seal(known: Known, standing: Iterable[Assessed]) -> SealMade | None:
    made = [known.seals.get(each.made.seal, seals.INITIAL).made for each in standing]
    return max((each for each in made if each), key=lambda each: each.position, default=None)


def _next_due_ms(known: Known, name: str) -> int | None:
    """When the next period of a contract is assessed; None if it has no more."""
    standing = known.assessments[name].periods
    begun = periods_of(known.contract(name), known.as_of.moment_ms + (PERIOD_DAYS_MAX + 1) * DAY_MS)
    return next((each.due_ms for each in begun if each.number not in standing), None)
