"""Whether a plan fits the contracts of a ledger: what is probed for none, and rounds that are too long."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ledger import contracts
from ledger.application import Ledger
from ledger.contracts import Contract
from ledger.instants import END_OF_TIME_MS
from ledger.intake.names import likely
from ledger.interval import Interval
from ledger.log import codec
from ledger.terms import Terms
from projections.attention import concerned
from projections.periods import terms_at

NAMED = 10
"""How many platforms a sentence names; it counts the rest."""
_STREAMS = contracts.stream_of("")


def misfits(ledger: Ledger, platforms: Sequence[str], period_ms: int, now_ms: int) -> list[str]:
    """Why an agent that probes some platforms once in a period does not fit the contracts, in sentences."""
    found = _contracts(ledger)
    return [*_strangers(found, platforms), *_too_long(found, platforms, period_ms, now_ms)]


def _contracts(ledger: Ledger) -> Mapping[str, Contract]:
    """Those that were signed, by name. No round is read for it: an agent must begin at once."""
    found: dict[str, Contract] = {}
    for kept in ledger.engine.facts():
        if kept.stream.startswith(_STREAMS):
            before = found.get(kept.stream, contracts.INITIAL)
            found[kept.stream] = contracts.evolve(before, codec.recorded(kept))
    return {each.signed.contract: each for each in found.values() if each.signed}


def _strangers(found: Mapping[str, Contract], platforms: Sequence[str]) -> Iterator[str]:
    have = {membership.platform for contract in found.values() for membership in contract.platforms}
    strangers = [platform for platform in platforms if platform not in have]
    if strangers:
        yield (
            f"no contract has {_listed(strangers)}; what is seen of it counts in no statement before "
            "`constat contract add-platform`"
        )
    for name, platform in likely(strangers[:NAMED], have).items():
        yield f"{name} may be {platform}, which a contract has; if it is, write it so"


def _too_long(
    found: Mapping[str, Contract], platforms: Sequence[str], period_ms: int, now_ms: int
) -> Iterator[str]:
    for name, contract in sorted(found.items()):
        terms = _terms(contract, now_ms)
        ours = concerned(contract, platforms, Interval(now_ms, END_OF_TIME_MS))
        if ours and period_ms >= terms.stale_after_ms:
            yield (
                f"a round takes {period_ms // 1000} s, and by contract {name} what an agent said of "
                f"{_listed(ours)} holds for {terms.stale_after_ms // 1000} s (stale_after_seconds): then it "
                "is unknown until the next round; make the round shorter, better than half of that"
            )


def _terms(contract: Contract, now_ms: int) -> Terms:
    """Those in force, or the first ones of a contract that is yet to begin."""
    return terms_at(contract, now_ms) or contract.versions[0].terms


def _listed(names: Iterable[str]) -> str:
    named = list(names)
    rest = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    return ", ".join(named[:NAMED]) + rest
