"""Assess contracts: seal what is known, judge every period that is due, take down what is new.

Nothing is remembered between two runs but the ledger itself. Whoever was killed, or ran beside another one,
finds what stands already and adds only what is missing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from consumers import seal as sealing
from consumers.races import TRIES, gave_up
from consumers.seal import OvertakenError
from ledger import assessments
from ledger.application import Ledger
from ledger.assessments import AssessmentMade, Assessments, PenaltyFact
from ledger.contracts import require_signed
from ledger.errors import BadInputError, ConflictError, RefusedError
from ledger.fact import Fact
from ledger.log.interface import RECORD_BYTES_MAX
from ledger.progress import Stages, untold
from ledger.sealing import named
from ledger.seals import Seal
from projections.asof import Fold, Known
from projections.assessment import CLAUSE, due_count
from projections.concluding import Concluded, Problem, Revision, conclude
from projections.figures import Remark
from projections.moment import at_seal

ENVELOPE_BYTES = 700
"""What stands around the data of a fact, at most."""

TAKING_DOWN = "taking down"

Conclude = Callable[[Known, Sequence[str], Mapping[str, Assessments], Stages], list[Concluded | Problem]]
"""`concluding.conclude`, or what gives the same."""


class Hands(NamedTuple):
    """Who folds the rounds and judges the contracts: this process alone, unless said otherwise."""

    fold: Fold | None = None
    conclude: Conclude = conclude


ALONE = Hands()


@dataclass(frozen=True, slots=True)
class AssessedPeriod:
    """A period that was assessed: its last revision; if it is new, what penalties it changed, and remarks."""

    made: AssessmentMade
    is_new: bool = False
    penalties: tuple[PenaltyFact, ...] = ()
    remarks: tuple[Remark, ...] = ()
    unmeasured: tuple[str, ...] = ()
    """If it is new, the platforms of which nothing was measured in it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was assessed as known at a seal: by contract, and then in order of period."""

    seal: Seal
    assessed: tuple[AssessedPeriod, ...]
    zones: Mapping[str, str]
    """The zone in which each contract counts its days."""
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be assessed: contracts by name, all if none is named. A dry run writes nothing."""

    ledger: Ledger
    now_ms: int
    contracts: Sequence[str] = ()
    dry_run: bool = False
    hands: Hands = ALONE
    heard: Stages = untold
    """Hears how many contracts are judged, how many of these are laid out, and how many taken down."""


def assess(job: Job, at: str | None = None) -> Outcome:
    """Assess as known now, or at a seal that there is.

    Raises:
        BadInputError: no such contract or seal, or somebody has assessed as known at a later one.
        ConflictError: others were first again and again.
        DamagedLedgerError: the ledger is not what a seal fixed.
    """
    for _ in range(TRIES):
        try:
            found, known = _asked(job, at) if at else _seal(job)
            return _as_known_at(found, known, job)
        except OvertakenError:
            if at:
                raise BadInputError(
                    f"the contract was assessed as known at another seal after {at} was made, which may know "
                    "more; leave out --seal"
                ) from None
    raise gave_up()


def _asked(job: Job, at: str) -> tuple[Seal, Known]:
    """A seal that there is, and what is known at it."""
    found = named(job.ledger.engine, at)
    return found, _known(found, job)


def _seal(job: Job) -> tuple[Seal, Known]:
    """A seal that fixes everything, and late enough for everything that is due now; what is known at it."""
    found = sealing.candidate(job.ledger.engine, job.now_ms)
    known = _known(found, job)
    if sealing.is_recorded(found) and _is_more_due(known, job.now_ms):
        found = sealing.another(job.ledger.engine, job.now_ms)  # nothing came, but time went by
        known = _known(found, job)
    return found, known


def _is_more_due(known: Known, now_ms: int) -> bool:
    """Whether a period is due now that was not at the moment of knowledge."""
    moment_ms = known.as_of.moment_ms
    return due_count(known, moment_ms) < due_count(known, max(moment_ms, now_ms))


def _known(found: Seal, job: Job) -> Known:
    return Known.at(job.ledger.engine, at_seal(job.ledger.engine, found), job.hands.fold)


def _as_known_at(found: Seal, known: Known, job: Job) -> Outcome:
    names = sorted(set(job.contracts) or known.contracts)
    known = known.about(known.contract(name) for name in names)
    standing = {name: _standing(job.ledger, name) for name in names}
    found_of_each = job.hands.conclude(known, names, standing, job.heard)
    concluded = [each for each in found_of_each if isinstance(each, Concluded)]
    problems = [each for each in found_of_each if isinstance(each, Problem)]
    if any(each.news for each in concluded) and not job.dry_run and not sealing.is_recorded(found):
        found = sealing.record(job.ledger, found)
    assessed: list[AssessedPeriod] = []
    for number, its in enumerate(concluded, start=1):
        stands = standing[its.contract]
        new = _taken_down(found, its.news, stands, job) if its.news else {}
        assessed += _all(its, _remarked(new, its.news), stands)
        job.heard(TAKING_DOWN, number, len(concluded))
    zones = {each.contract: require_signed(known.contract(each.contract)).zone for each in concluded}
    return Outcome(found, tuple(assessed), zones, tuple(problems))


def _standing(ledger: Ledger, name: str) -> Assessments:
    state, _ = ledger.load(assessments.stream_of(name), assessments.INITIAL, assessments.evolve)
    return state


def _remarked(new: Mapping[int, AssessedPeriod], news: Iterable[Revision]) -> dict[int, AssessedPeriod]:
    """What is new, each with what its statement remarks, and with what was not measured."""
    found = {each.conclusion.number: each for each in news}
    return {
        number: replace(period, remarks=found[number].remarks, unmeasured=found[number].unmeasured)
        for number, period in new.items()
    }


def _all(
    its: Concluded, new: Mapping[int, AssessedPeriod], standing: Assessments
) -> Iterator[AssessedPeriod]:
    for number in its.periods:
        yield new.get(number) or AssessedPeriod(standing.periods[number].made)


# ---------------------------------------------------------------- what is taken down


def _taken_down(
    found: Seal, news: Sequence[Revision], standing: Assessments, job: Job
) -> dict[int, AssessedPeriod]:
    """The new revisions of a contract by period, recorded unless this is a dry run."""
    assert found.made
    drafts = [each.drafted(found.made.seal, standing) for each in news]
    if job.dry_run:
        return _by_period(_decided(standing, drafts, found))
    decided: list[Fact] = []
    for part in _records(drafts):
        decided += _recorded(part, found, job)
    new = _by_period(decided)
    # What is missing here was taken down by somebody else meanwhile, as known at the same seal.
    return {each.period_number: AssessedPeriod(each) for each in drafts} | new


def _records(drafts: Sequence[AssessmentMade]) -> Iterator[list[AssessmentMade]]:
    """All revisions of a contract as one record, as far as there is room: the cap moves days between them."""
    part: list[AssessmentMade] = []
    size = 0
    for each in drafts:
        penalty = len(each.contract) + 2 * ENVELOPE_BYTES
        length = len(each.model_dump_json()) + ENVELOPE_BYTES + len(each.platforms) * penalty
        if part and size + length > RECORD_BYTES_MAX:
            yield part
            part, size = [], 0
        part.append(each)
        size += length
    if part:
        yield part


def _recorded(drafts: Sequence[AssessmentMade], found: Seal, job: Job) -> list[Fact]:
    name = drafts[0].contract
    for _ in range(TRIES):
        try:
            recorded = job.ledger.record(
                assessments.stream_of(name),
                assessments.INITIAL,
                assessments.evolve,
                lambda state: _decided(state, drafts, found),
                occurred_ms=job.now_ms,
            )
        except ConflictError:
            continue
        except RefusedError as error:
            raise OvertakenError from error
        return [each.fact for each in recorded]
    raise gave_up()


def _decided(state: Assessments, drafts: Iterable[AssessmentMade], found: Seal) -> list[Fact]:
    """The facts that are missing.

    Raises:
        OvertakenError: somebody has assessed as known at another seal since this one was made.
        RefusedError: as above, between our reading and theirs.
    """
    made = found.made
    assert made
    facts = [fact for each in drafts for fact in assessments.assess(state, each, CLAUSE)]
    others = (each for each in state.periods.values() if each.made.seal != made.seal)
    if facts and any(each.position > made.position for each in others):
        raise OvertakenError
    return facts


def _by_period(facts: Iterable[Fact]) -> dict[int, AssessedPeriod]:
    found: dict[int, AssessedPeriod] = {}
    for fact in facts:
        if isinstance(fact, AssessmentMade):
            found[fact.period_number] = AssessedPeriod(fact, is_new=True)
        elif isinstance(fact, PenaltyFact):
            before = found[fact.period_number]
            found[fact.period_number] = replace(before, penalties=(*before.penalties, fact))
    return found
