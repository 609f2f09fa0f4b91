"""The rule of force majeure: which claimed time is excluded, and why the rest is not [Qualité de Services].

The ruling in force decides; what it does not accept is rejected. Before any ruling a claim excludes nothing,
or under the reading `claimed` all that it claims.
"""

from ledger.claims import Claim
from ledger.interval import clip
from projections.announced import Judged, in_order
from projections.figures import NotExcluded
from projections.periods import Part


def judge_claim(claim: Claim, part: Part) -> Judged:
    """Judge a filed claim within a part of a period."""
    assert claim.filed is not None
    claimed = [claim.filed.claimed.interval]
    if claim.ruling is not None:
        accepted, otherwise = list(claim.ruling.accepted), _REJECTED
    else:
        accepted = claimed if part.terms.readings.force_majeure == "claimed" else []
        otherwise = _NOT_RULED
    return in_order(clip(accepted, part.interval), [(otherwise, claimed)], part.interval)


_REJECTED: NotExcluded = "rejected"
_NOT_RULED: NotExcluded = "not-ruled"
