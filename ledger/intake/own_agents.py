"""Agents of our own that probe: no source writes under the name of one.

An import gives its agent another plan and appends behind its last round. The agent's process knows nothing of
either, so it would probe something else from then on, and never append again.
"""

from collections.abc import Iterable

from ledger import runs, targets
from ledger.application import Ledger
from ledger.errors import RefusedError


def require_not_probing(ledger: Ledger, agents: Iterable[str]) -> None:
    """Refuse to import under the name of an agent that probes, or once did; nothing is stored by then.

    Raises:
        RefusedError: says which agent, and what to do.
    """
    ledger.engine.read_decisions()  # who follows a source has the ledger open for long
    for agent in agents:
        ran, defined = runs.stream_of(agent), targets.stream_of(agent)
        heads = ledger.engine.heads([ran, defined])
        if heads:
            why = "it was started" if ran in heads else "its targets are recorded"
            raise RefusedError(
                f"agent {agent} is an agent that probes ({why}), and an import would take its plan and its "
                "next round from it; give the import a name of its own: --agent, or the file's column agent"
            )
