"""What the commitments share: how a finding is written, and what the state of a commitment follows from."""

from collections.abc import Iterable

from projections.figures import Commitment, CommitmentEntry, Finding
from projections.scope import Scope

INFORMATIVE = frozenset({"unknown-operator", "too-little-maintenance", "unsupported-browser"})
"""Findings that tell the reader something and break no promise (decision records 0033, 0034)."""


def finding(  # noqa: PLR0913 - a finding is all of this
    scope: Scope,
    subject: str,
    what: str,
    start_ms: int,
    end_ms: int | None,
    *,
    measured: str | None = None,
    promised: str | None = None,
    positions: Iterable[int] = (),
) -> Finding:
    """A finding from an instant on, to another one or still so at the moment known."""
    return Finding(
        subject=subject,
        what=what,
        start=scope.at(start_ms),
        end=None if end_ms is None else scope.at(end_ms),
        measured=measured,
        promised=promised,
        positions=tuple(positions),
    )


def judged(
    commitment: Commitment, clause: str, *, recorded: bool, examined: int, findings: Iterable[Finding]
) -> CommitmentEntry:
    """A commitment with its state; without any fact to judge it by there is nothing to find.

    Where no fact was examined nobody can say that it was kept (decision record 0032).
    """
    found = tuple(findings) if recorded else ()
    broken = any(each.what not in INFORMATIVE for each in found)
    return CommitmentEntry(
        commitment=commitment,
        clause=clause,
        state="broken" if broken else "kept" if recorded and examined else "nothing-recorded",
        examined=examined,
        findings=found,
    )
