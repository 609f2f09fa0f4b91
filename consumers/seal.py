"""Seal a ledger: take down how far both logs have come, unless the last seal says so already."""

from itertools import count

from consumers.races import TRIES, gave_up
from ledger import seals
from ledger.application import Ledger
from ledger.assessments import AssessmentMade, PenaltyGranted, PenaltyReversed
from ledger.errors import ConflictError, RefusedError
from ledger.fact import RecordedFact
from ledger.log.interface import Engine
from ledger.sealing import fixed, is_behind, require_unbroken
from ledger.seals import Seal, SealMade
from projections.asof import Known
from projections.moment import AsOf

LOOKS = 3
"""How often a seal may know of more rounds than were read before it, until it is held against the logs."""


class OvertakenError(Exception):
    """Somebody else was first, and may know more: look again."""


def seal(ledger: Ledger, now_ms: int) -> Seal:
    """Seal what the ledger holds. Where nothing came since the last seal, that one is given again.

    Raises:
        ConflictError: others were first again and again.
        DamagedLedgerError: the ledger lost rounds that a seal fixed.
    """
    for _ in range(TRIES):
        found = candidate(ledger.engine, now_ms)
        if is_recorded(found):
            return found
        try:
            return record(ledger, found)
        except OvertakenError:
            continue
    raise gave_up()


def is_recorded(found: Seal) -> bool:
    """Whether the ledger has the seal. One that is not recorded yet has no position."""
    return found.position > 0


def candidate(engine: Engine, now_ms: int) -> Seal:
    """The last seal, if nothing came since; else one that fixes everything and is not recorded yet."""
    found, since, news = _read(engine, now_ms)
    return since if since and not news else found


def another(engine: Engine, now_ms: int) -> Seal:
    """A seal that fixes everything, the last seal and what was concluded at it included."""
    return _read(engine, now_ms)[0]


def _read(engine: Engine, now_ms: int) -> tuple[Seal, Seal | None, bool]:
    """A new seal, the last one that there is, and whether anything came between them."""
    for look in count(1):
        ends = engine.copying.ends()
        known = Known.at(engine, AsOf(ends.position, 0, 0))
        there = [each for each in known.seals.values() if each.made]
        made = fixed(ends)
        # The rounds were read first: a seal among the decisions read after them may know of later ones.
        ahead = [each.made for each in there if each.made and is_behind(made, each.made)]
        if not ahead:
            break
        if look >= LOOKS:  # rounds come later, and never go
            require_unbroken(engine, ahead[0])
    last = max(there, key=lambda each: each.position, default=None)
    return Seal(made, 0, now_ms), last, not (last and last.made and _is_all_of(last.made, known, made))


def _is_all_of(last: SealMade, known: Known, made: SealMade) -> bool:
    """Whether nothing came since a seal but seals, and what was concluded at this very one."""
    return last.rounds == made.rounds and all(_follows(each, last) for each in known.facts[last.position :])


def _follows(recorded: RecordedFact, last: SealMade) -> bool:
    """Whether a fact behind a seal is no news to it.

    What somebody concluded at another seal and appended behind this one is news: as known here it does not
    stand, so that neither the next revision of it nor its reversal could be made.
    """
    match recorded.fact:
        case SealMade():
            return True
        case AssessmentMade() | PenaltyGranted() | PenaltyReversed() as concluded:
            return concluded.seal == last.seal
    return False


def record(ledger: Ledger, found: Seal) -> Seal:
    """Take a new seal down.

    Raises:
        OvertakenError: somebody has made the same seal, at a moment of their own.
    """
    made = found.made
    assert made
    try:
        (fact,) = ledger.record(
            seals.stream_of(made.seal),
            seals.INITIAL,
            seals.evolve,
            lambda state: seals.make(state, made),
            occurred_ms=found.occurred_ms,
        )
    except (ConflictError, RefusedError) as error:
        raise OvertakenError from error
    return seals.evolve(seals.INITIAL, fact)
