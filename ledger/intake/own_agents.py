"""Agents of our own that probe, and sources: neither writes under the name of the other.

An import gives its agent another plan and appends behind its last round. The agent's process knows nothing of
either, so it would probe something else from then on, and never append again. An agent under the name of an
import would do the same to it.
"""

from collections.abc import Iterable

from ledger import runs, targets
from ledger.application import Ledger
from ledger.errors import RefusedError
from ledger.plans import Plans


def require_not_probing(ledger: Ledger, agents: Iterable[str]) -> None:
    """Refuse to import under the name of an agent that probes, or once did; nothing is stored by then.

    Raises:
        RefusedError: says which agent, and what to do.
    """
    ledger.engine.read_decisions()  # who follows a source has the ledger open for long
    for agent in agents:
        if why := _why_it_probes(ledger, agent, ledger.plans_of(agent)):
            raise RefusedError(
                f"agent {agent} is an agent that probes ({why}), and an import would take its plan and its "
                "next round from it; give the import a name of its own: --agent, or the file's column agent"
            )


def require_not_imported(ledger: Ledger, agent: str, state: Plans) -> None:
    """Refuse to probe under the name of an agent that imports have; `state` is its plans.

    An agent that has probed under it before goes on: since then no import takes the name.

    Raises:
        RefusedError: says what to do.
    """
    if state.last is None:
        return
    is_theirs = state.is_imports and not _why_it_probes(ledger, agent, state)
    if state.last.transitions or is_theirs:
        why = "logs only changes" if state.last.transitions else "has its plan from an import"
        raise RefusedError(
            f"agent {agent} {why}, and the source that it stands for would not be taken in any more if an "
            "agent probed under its name; give the agent that probes another one: agent = "
            f'"{agent}-probe" in its file'
        )


def _why_it_probes(ledger: Ledger, agent: str, state: Plans) -> str | None:
    """What the ledger has of an agent that probes, as half a sentence; None if it has nothing of one."""
    ran, defined = runs.stream_of(agent), targets.stream_of(agent)
    heads = ledger.engine.heads([ran, defined])
    if ran in heads:
        return "it was started"
    if defined in heads:
        return "its targets are recorded"
    return "its plan is that of its file" if state.is_agents else None
