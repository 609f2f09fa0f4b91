"""From an agent's file to its plan: each platform at an offset of its own, the same for ever."""

import hashlib

from consumers.agent.file import AgentFile
from consumers.agent.targets import Target
from ledger.plans import Planned, PlanSet


def planned(file: AgentFile) -> tuple[Planned, ...]:
    """The platforms of an agent's plan, in the order in which a round comes to them."""
    found = [
        Planned(
            platform=target.platform,
            offset_ms=offset_ms(file, target),
            usual_status=target.usual_status,
        )
        for target in file.target
    ]
    return tuple(sorted(found, key=lambda each: (each.offset_ms, each.platform)))


def offset_ms(file: AgentFile, target: Target) -> int:
    """When within a round a target is probed.

    It hangs on the platform's name, the period and the timeouts: no other target moves it. What is left of
    the round behind it is enough for two tries.
    """
    digest = hashlib.sha256(target.platform.encode()).digest()
    return int.from_bytes(digest[:8], "big") % (file.period_ms - file.room_ms_of(target))


def is_as(plan: PlanSet | None, file: AgentFile) -> bool:
    """Whether a plan is the one that a file asks for."""
    return plan is not None and (plan.platforms, plan.period_ms) == (planned(file), file.period_ms)
