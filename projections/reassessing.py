"""Which assessed periods come to something else by what was recorded since: a correction, or a ruling.

What a period comes to now is judged only for contracts that such a fact concerns, because that reads rounds.
Late results and back-dated notices are found by the next assessment, and not here.
"""

from collections.abc import Iterator, Mapping, Sequence

from ledger import seals
from ledger.assessments import Assessed, Assessments
from ledger.claims import ClaimRuled
from ledger.contracts import Contract
from ledger.corrections import ResultsCorrected
from ledger.errors import BadInputError, RefusedError
from ledger.fact import RecordedFact
from ledger.interval import Interval
from projections.asof import Known
from projections.assessment import conclusions
from projections.attention import Attention, concerned


def due_revisions(known: Known, name: str, contract: Contract) -> Iterator[Attention]:
    """The periods of a contract of which another revision is due: at once, since whoever pays waits."""
    state = known.assessments.get(name, Assessments())
    moved = [each for each in known.facts if _may_move(each, known, contract, state.periods)]
    if not moved:
        return
    for number in _changed(known, name, contract, state):
        yield Attention(
            kind="assessment-due",
            subject=f"{name}/{number}",
            contracts=(name,),
            since_ms=moved[0].recorded_ms,
            due_ms=moved[0].recorded_ms,
            what="again",
            positions=(state.periods[number].position, *(each.position for each in moved)),
        )


def _may_move(
    recorded: RecordedFact, known: Known, contract: Contract, standing: Mapping[int, Assessed]
) -> bool:
    platforms, spans = _speaks_of(recorded, known)
    touched = [
        each.made.period.interval
        for each in standing.values()
        if recorded.position > _sealed_up_to(known, each)
        and any(span.overlaps(each.made.period.interval) for span in spans)
    ]
    return bool(touched and concerned(contract, platforms, *touched))


def _speaks_of(recorded: RecordedFact, known: Known) -> tuple[Sequence[str], Sequence[Interval]]:
    match recorded.fact:
        case ResultsCorrected() as fact:
            return (fact.platform,), (fact.interval.interval,)
        case ClaimRuled() as fact if filed := known.claims[fact.claim].filed:
            return filed.platforms, (filed.claimed.interval,)
    return (), ()


def _sealed_up_to(known: Known, assessed: Assessed) -> int:
    """Up to where the facts were known on which an assessment rests."""
    sealed = known.seals.get(assessed.made.seal, seals.INITIAL).made
    return sealed.position if sealed else assessed.position


def _changed(known: Known, name: str, contract: Contract, state: Assessments) -> list[int]:
    """The numbers of assessed periods that come to something else now; none if that cannot be judged."""
    try:
        found = conclusions(known.about([contract]), name)
    except (BadInputError, RefusedError):
        return []
    return [each.number for each in found if each.number in state.periods and each.is_new_to(state)]
