"""The oracle's facts told to a ledger, each recorded when they say: so both answer about the same world."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby
from pathlib import Path

from ledger import claims, contracts, corrections, mails, maintenance
from ledger.fact import Fact, RecordedFact, Span
from ledger.intake.columns import Columns
from ledger.intake.files import open_source
from ledger.intake.importing import import_source
from ledger.terms import Terms
from tests.oracle import facts as told
from tests.oracle.promises import Promised
from tests.oracle.retelling_promises import tell
from tests.spec import Story


def retell(facts: Sequence[told.Fact]) -> Story:
    """A ledger in memory that holds the facts, in their order."""
    return go_on(Story(), facts, facts)


def go_on(story: Story, some: Sequence[told.Fact], facts: Sequence[told.Fact]) -> Story:
    """Tell the next of the facts; an agent's plan names every platform that it has results of in any."""
    contract = next(fact.contract for fact in facts if isinstance(fact, told.Signed))
    for key, same in groupby(some, key=_together):
        story.at(key[0])
        for fact in same if key[1] is None else [list(same)]:
            if isinstance(fact, list):
                _observe(story, fact, facts)
            else:
                _tell(story, contract, fact)
    return story


def _together(fact: told.Fact) -> tuple[int, str | None, Path | None]:
    """Results of one agent that were recorded together are one append, those of a file one import."""
    is_result = isinstance(fact, told.Result)
    return fact.recorded_ms, fact.agent if is_result else None, fact.file if is_result else None


def _observe(story: Story, results: list[told.Result], facts: Sequence[told.Fact]) -> None:
    agent, file = results[0].agent, results[0].file
    if file:
        source = open_source(file, Columns(agent=agent))
        import_source(story.ledger, source, now_ms=story.now_ms, transitions=results[0].logs_only_changes)
        return
    seen = [fact for fact in facts if isinstance(fact, told.Result) and fact.agent == agent]
    platforms = sorted({fact.platform for fact in seen})
    if agent not in story._plans:
        story.plan(agent, platforms, transitions=seen[0].logs_only_changes)
    rounds: dict[int, dict[str, str | None]] = {}
    for result in results:
        rounds.setdefault(result.at_ms, dict.fromkeys(platforms))[result.platform] = result.outcome
    story.rounds(agent, list(rounds.items()))


def _tell(story: Story, contract: str, fact: told.Fact) -> None:
    match fact:
        case _ if isinstance(fact, Promised):
            tell(story, contract, fact)
        case told.Notice() | told.Worked():
            stream, at_ms = maintenance.stream_of(fact.maintenance), None
            at_ms = fact.given_ms if isinstance(fact, told.Notice) else fact.at_ms
            story.fact(stream, _of_maintenance(fact), at_ms)
        case told.Mailed():
            mailed = _mailed(fact, contract, list(story.ledger.stream(f"maintenance:{fact.maintenance}")))
            story.fact(mails.stream_of(mailed.mail), mailed, fact.at_ms)
        case told.Claimed():
            story.fact(claims.stream_of(fact.claim), _claimed(fact))
        case told.Ruled():
            number = sum(
                r.fact.TYPE == claims.ClaimRuled.TYPE for r in story.ledger.stream(f"claim:{fact.claim}")
            )
            story.fact(claims.stream_of(fact.claim), _ruled(fact, number))
        case told.Corrected():
            name = f"c{story.engine.head().position}"
            story.fact(corrections.stream_of(name), _corrected(name, fact))
        case _:
            story.fact(contracts.stream_of(contract), _of_contract(contract, fact, story))


def _of_contract(contract: str, fact: told.Fact, story: Story) -> Fact:
    match fact:
        case told.Signed():
            return contracts.ContractSigned(
                contract=contract,
                client=f"{contract} SA",
                zone=fact.zone,
                first_day=fact.first_day,
                last_day=fact.last_day,
                terms=_terms(fact.terms),
            )
        case told.Amended():
            stream = story.ledger.stream(contracts.stream_of(contract))
            version = 2 + sum(isinstance(r.fact, contracts.ContractAmended) for r in stream)
            return contracts.ContractAmended(
                contract=contract,
                terms_version=version,
                from_day=fact.from_day,
                terms=_terms(fact.terms),
                reason="agreed anew",
            )
        case told.Ended():
            return contracts.ContractEnded(contract=contract, last_day=fact.last_day, reason="ended")
        case told.Joined():
            return contracts.PlatformAdded(contract=contract, platform=fact.platform, from_day=fact.from_day)
        case told.Left():
            return contracts.PlatformRemoved(
                contract=contract, platform=fact.platform, last_day=fact.last_day
            )
    raise AssertionError(fact)


def _terms(terms: told.Terms) -> Terms:
    percent = Decimal(terms.target_percent.numerator) / Decimal(terms.target_percent.denominator)
    return Terms.model_validate(vars(terms) | {"target_percent": percent})


def _of_maintenance(fact: told.Notice | told.Worked) -> Fact:
    name = fact.maintenance
    match fact.kind:
        case "published":
            return maintenance.NoticePublished(
                maintenance=name,
                platforms=fact.platforms,
                announced=Span.of(fact.from_ms, fact.to_ms),
                summary="work",
            )
        case "moved":
            announced = Span.of(fact.from_ms, fact.to_ms)
            return maintenance.NoticeMoved(maintenance=name, announced=announced, reason="moved")
        case "withdrawn":
            return maintenance.NoticeWithdrawn(maintenance=name, reason="withdrawn")
        case "started":
            return maintenance.MaintenanceStarted(maintenance=name)
    return maintenance.MaintenanceFinished(maintenance=name)


def _mailed(fact: told.Mailed, contract: str, stream: list[RecordedFact]) -> mails.MailFact:
    """About the last notice of its maintenance."""
    cause = [r.position for r in stream if "notice" in r.fact.TYPE][-1]
    name = f"{cause}.{fact.person}"
    same = {
        "mail": name,
        "contract": contract,
        "person": fact.person,
        "maintenance": fact.maintenance,
        "cause": cause,
        "message_id": f"<{name}@provider.example>",
        "attempt": 1,
    }
    match fact.kind:
        case "accepted":
            return mails.MailAccepted(**same, code=250, reply="OK")
        case "refused":
            return mails.MailRefused(**same, code=550, reply="no")
    return mails.MailBounced(**same, status="5.1.1", diagnostic="unknown", report="sha256:" + "0" * 64)


def _claimed(fact: told.Claimed) -> Fact:
    claimed = Span.of(fact.from_ms, fact.to_ms)
    return claims.ClaimFiled(claim=fact.claim, platforms=fact.platforms, claimed=claimed, event="a storm")


def _ruled(fact: told.Ruled, earlier: int) -> Fact:
    return claims.ClaimRuled(
        claim=fact.claim,
        decision="accepted" if fact.accepted else "rejected",
        accepted=tuple(Span.of(from_ms, to_ms) for from_ms, to_ms in fact.accepted),
        reason="as shown",
        by="judge-1",
        revises=earlier + 1 if earlier else None,
    )


def _corrected(name: str, fact: told.Corrected) -> Fact:
    return corrections.ResultsCorrected(
        correction=name,
        agent=fact.agent,
        platform=fact.platform,
        interval=Span.of(fact.from_ms, fact.to_ms),
        action="restated" if fact.outcome else "annulled",
        outcome=fact.outcome,
        reason="the probe was wrong",
        by="sre-1",
    )
