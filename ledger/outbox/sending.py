"""From an outbox to the ledger, in order: each round arrives once, whatever died or was lost on the way.

A round is taken out only when the ledger has acknowledged it. Whether the ledger has it already, because an
answer was lost or a process died before it could take it out, is told by its number and hash: its hash names
the hash of its predecessor, so whoever has a round has all before it. What another writer's rounds keep from
following is in conflict: it is told, and nothing is taken out.
"""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import NamedTuple

from ledger.application import Ledger
from ledger.errors import ConflictError, DamagedOutboxError, RefusedError, counted
from ledger.instants import format_instant
from ledger.log.interface import RoundHead
from ledger.outbox import chain
from ledger.outbox.chain import Renumbered
from ledger.outbox.file import OutboxFile
from ledger.outbox.pending import Kept
from ledger.running import running

Progress = Callable[[int], None]
"""Hears how many more rounds the ledger is known to have."""


class Sent(NamedTuple):
    """What became of the rounds that waited."""

    rounds: int
    """How many were sent now."""
    already_there: int
    """How many the ledger had already, from an earlier sending that did not come to its end."""


def send(file: OutboxFile, ledger: Ledger, progress: Progress) -> Sent:
    """Send everything that waits. See `Outbox.send`."""
    sent, already_there = 0, _settle(file, ledger, progress)
    while found := list(islice(chain.walk(file), chain.PAGE)):
        try:
            ledger.append_encoded_rounds(file.agent, [value for _, value in found])
        except ConflictError:
            late = _settle(file, ledger, progress)
            if not late:
                raise
            already_there += late  # only a late copy of our own rounds came in between
            continue
        chain.delivered(file, found[-1][0])
        sent += len(found)
        progress(len(found))
    return Sent(sent, already_there)


def renumber(file: OutboxFile, ledger: Ledger, now_ms: int) -> Renumbered:
    """Put what is in conflict behind the agent's last round in the ledger. See `Outbox.renumber`."""
    try:
        _settle(file, ledger, lambda _: None)
        for _ in chain.walk(file):  # to its end, which is where damage is found
            pass
    except (ConflictError, DamagedOutboxError):
        head = ledger.engine.round_head(file.agent)
        if head != chain.known(file):
            _require_alone(file, ledger, now_ms)
        return chain.rechain(file, head)
    return Renumbered(0, 0)


def _require_alone(file: OutboxFile, ledger: Ledger, now_ms: int) -> None:
    """Refuse to move on an agent whose process runs: none of its rounds would follow any more.

    It is another one than that of this outbox, whose last round in the ledger is known here.
    """
    if other := running(ledger, file.agent, now_ms):
        raise RefusedError(
            f"agent {file.agent} runs elsewhere: {other.told}. If another round were put behind that one, "
            "none of its own would ever follow. Nothing was changed. To do: stop it first; if it was killed, "
            f"wait until {format_instant(other.silent_ms)}; then run this command again, and start only one "
            "under this name"
        )


def take_out_arrived(file: OutboxFile, ledger: Ledger, head: RoundHead) -> int:
    """Take out what the ledger, which has the agent at `head`, has already; how many rounds that were."""
    waiting = chain.kept(file)
    there = _already_there(file, waiting, head, ledger)
    if there:
        chain.delivered(file, waiting[there - 1])
    return there


def _settle(file: OutboxFile, ledger: Ledger, progress: Progress) -> int:
    """Take out what the ledger has already, and make sure that it takes the next one; how many it had.

    Raises:
        ConflictError: it does not, because the agent stands elsewhere.
    """
    if not chain.kept(file):
        return 0
    head = ledger.engine.round_head(file.agent)
    there = take_out_arrived(file, ledger, head)
    progress(there)
    known, left = chain.known(file), chain.kept(file)
    if left and known != head:
        for _ in chain.walk(file):
            pass  # what is damaged looks like another's, so that is ruled out first
        why = _conflict(file, known, head, left)
        chain.in_conflict(file, why)
        raise ConflictError(why)
    return there


def _already_there(file: OutboxFile, waiting: Sequence[Kept], head: RoundHead, ledger: Ledger) -> int:
    """How many of the rounds that wait, from the first on, the ledger has."""
    if not waiting or head == chain.known(file):
        return 0
    heads = [each.head for each in waiting]
    if head in heads:
        return heads.index(head) + 1
    # Somebody else has gone on, perhaps behind some of ours.
    starts_ms = [each.start_ms for each in waiting]
    stored = ledger.engine.rounds(
        agents=[file.agent], start_from_ms=min(starts_ms), start_until_ms=max(starts_ms) + 1
    )
    have = {RoundHead(found.number, found.hash) for found in stored}
    return max((place for place, each in enumerate(heads, 1) if each in have), default=0)


def _conflict(file: OutboxFile, known: RoundHead, head: RoundHead, left: Sequence[Kept]) -> str:
    if head.number < known.number:
        what = (
            f"this ledger has agent {file.agent} at round {head.number}, and the outbox knew it at round "
            f"{known.number}: it is another ledger, or one that was restored from an older copy"
        )
        advice = "name the right one with --ledger, or if this is the right one"
    else:
        what = f"agent {file.agent} stands at round {head.number}, which another writer appended"
        advice = "stop every process that probes under this name, this one too; if what waits is to count too"
    return (
        f"{what}. What waits here does not follow that round, and nothing that comes will: {_shown(left)}. "
        f"Nothing of it is dropped. To do: {advice}, `constat outbox send {file.path} --renumber` puts it "
        f"behind that round; if not, move {file.path} away. Then start one process under this name"
    )


def _shown(left: Sequence[Kept]) -> str:
    return (
        f"{counted(len(left), 'round')} (number {left[0].number} to {left[-1].number}, started "
        f"{format_instant(left[0].start_ms)} to {format_instant(left[-1].start_ms)})"
    )
