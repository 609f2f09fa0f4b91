"""Arbitrary facts, for laws that hold for all of them."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from hypothesis import strategies as st

from ledger import (
    assessments,
    bulletins,
    claims,
    components,
    contracts,
    copies,
    corrections,
    directory,
    escalations,
    incidents,
    interventions,
    mails,
    maintenance,
    operations,
    processors,
    runs,
    seals,
    support,
    targets,
)
from ledger.fact import Evidence, Fact, Span
from ledger.incidents import Browser
from ledger.instants import parse_instant
from ledger.plans import AgentRetired, Planned, PlanSet
from ledger.readings import QUESTIONS
from ledger.terms import BROWSERS, QUOTA_GB, Terms

LARGEST = 2**53 - 1
_FIRST_MS = parse_instant("1970-01-01T00:00:00Z")
_LAST_MS = parse_instant("2999-12-31T23:59:59.999Z")

# ---------------------------------------------------------------- the parts of facts

names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,20}", fullmatch=True)
texts = st.text(min_size=1, max_size=60).map(str.strip).filter(bool)
instants = st.integers(_FIRST_MS, _LAST_MS)
counts = st.integers(0, LARGEST)
days = st.dates(date(1970, 1, 1), date(2999, 12, 31))
hashes = st.from_regex(r"sha256:[0-9a-f]{64}", fullmatch=True)
evidence = st.lists(st.builds(Evidence, name=texts, sha256=hashes), max_size=2).map(tuple)
spans = st.tuples(instants, st.integers(1, 10**10)).map(lambda drawn: Span.of(drawn[0], drawn[0] + drawn[1]))
platforms = st.lists(names, min_size=1, max_size=3).map(tuple)
operators = st.sampled_from(["OVHcloud", "SCALEWAY", "3DS OUTSCALE", "Ailleurs à côté"])
offers = st.sampled_from(sorted(QUOTA_GB))
browsers = st.builds(Browser, name=st.sampled_from(sorted(BROWSERS)), major_version=counts)

readings = st.fixed_dictionaries(
    {},
    optional={
        question.name: st.sampled_from([choice.value for choice in question.choices])
        for question in QUESTIONS
    },
)
terms = st.builds(
    Terms,
    target_percent=st.decimals(0, 100, places=6) | st.sampled_from([Decimal("99.5"), Decimal("99.50")]),
    cap_days=counts,
    extra_holidays=st.lists(days, max_size=2).map(tuple),
    holiday_calendar=st.sampled_from(["", "FR", "FR-57", "DE"]),
    maintenance_windows=st.sampled_from(["24/7", "Mo-Fr 00:00-07:00; Sa-Su 00:00-24:00"]),
    agent_weights=st.dictionaries(names, counts, max_size=3),
    operators=st.lists(operators, max_size=3).map(tuple),
    readings=readings,
)

# ---------------------------------------------------------------- facts

_ruled = st.one_of(
    st.tuples(st.just("rejected"), st.just(())),
    st.tuples(st.sampled_from(["accepted", "in-part"]), st.lists(spans, min_size=1, max_size=2).map(tuple)),
)
_restated = st.one_of(
    st.just(("annulled", None)),
    st.tuples(st.just("restated"), st.sampled_from(["up", "degraded", "down"])),
)
_copied_rounds = st.builds(
    copies.CopiedRounds,
    agent=names,
    number=st.integers(1, LARGEST),
    records=st.integers(1, LARGEST),
    running_hash=hashes,
)
_planned = st.builds(Planned, platform=names, offset_ms=st.integers(0, 999), usual_status=st.integers(0, 999))
_defined = st.one_of(
    st.builds(
        targets.HttpDefined,
        kind=st.just("http"),
        platform=names,
        url=texts,
        method=st.none() | st.sampled_from(["HEAD", "POST"]),
        headers=st.none() | st.dictionaries(texts, texts, max_size=2),
        status=st.none() | st.lists(counts, max_size=2).map(tuple),
        json_equals=st.none() | st.booleans() | counts | texts,
    ),
    st.builds(
        targets.TcpDefined, kind=st.just("tcp"), platform=names, host=texts, port=st.integers(1, LARGEST)
    ),
    st.builds(targets.TlsDefined, kind=st.just("tls"), platform=names, host=texts, certificate_days=counts),
    st.builds(targets.DnsDefined, kind=st.just("dns"), platform=names, name=texts, server=st.none() | texts),
)
_sent = {
    "mail": names,
    "contract": names,
    "person": names,
    "maintenance": st.none() | names,
    "incident": st.none() | names,
    "cause": st.integers(1, LARGEST),
    "message_id": texts,
    "sha256": st.none() | hashes,
    "attempt": counts,
}

_from_one = st.integers(1, LARGEST)
_sealed_rounds = st.builds(
    seals.SealedRounds, agent=names, number=_from_one, records=_from_one, running_hash=hashes
)
_assessed_platforms = st.builds(
    assessments.AssessedPlatform, platform=names, days_accrued=counts, days_granted=counts
)


def _penalties(kind: type[Fact]) -> st.SearchStrategy[Fact]:
    return st.builds(
        kind,
        contract=names,
        platform=names,
        period=spans,
        period_number=_from_one,
        revision=_from_one,
        clause=texts,
        days=_from_one,
        seal=names,
        statement_digest=hashes,
    )


FACTS: Mapping[type[Fact], st.SearchStrategy[Fact]] = {
    contracts.ContractSigned: st.builds(
        contracts.ContractSigned,
        contract=names,
        client=texts,
        language=st.sampled_from(["fr", "en"]),
        zone=st.sampled_from(["Europe/Paris", "UTC", "America/New_York"]),
        first_day=days,
        last_day=st.none() | days,
        terms=terms,
    ),
    contracts.ContractAmended: st.builds(
        contracts.ContractAmended,
        contract=names,
        terms_version=counts,
        from_day=days,
        terms=terms,
        reason=texts,
    ),
    contracts.ContractEnded: st.builds(contracts.ContractEnded, contract=names, last_day=days, reason=texts),
    contracts.PlatformAdded: st.builds(
        contracts.PlatformAdded, contract=names, platform=names, from_day=days, offer=offers
    ),
    contracts.PlatformRemoved: st.builds(
        contracts.PlatformRemoved, contract=names, platform=names, last_day=days
    ),
    PlanSet: st.builds(
        PlanSet,
        agent=names,
        plan_version=st.integers(1, LARGEST),
        period_ms=st.integers(1000, LARGEST),
        transitions=st.booleans(),
        platforms=st.lists(_planned, min_size=1, max_size=4, unique_by=lambda each: each.platform).map(tuple),
    ),
    AgentRetired: st.builds(AgentRetired, agent=names, reason=texts, by=names),
    runs.AgentStarted: st.builds(runs.AgentStarted, agent=names, run=names, version=texts, place=texts),
    runs.AgentStopped: st.builds(
        runs.AgentStopped, agent=names, run=names, why=st.sampled_from(["asked", "failed"])
    ),
    targets.TargetsDefined: st.builds(
        targets.TargetsDefined,
        agent=names,
        plan_version=st.integers(1, LARGEST),
        place=texts,
        references=st.lists(texts, min_size=1, max_size=2).map(tuple),
        timeout_ms=st.none() | st.integers(1, LARGEST),
        targets=st.lists(_defined, min_size=1, max_size=3).map(tuple),
    ),
    maintenance.NoticePublished: st.builds(
        maintenance.NoticePublished,
        maintenance=names,
        platforms=platforms,
        announced=spans,
        summary=texts,
        by=names,
    ),
    maintenance.NoticeMoved: st.builds(
        maintenance.NoticeMoved, maintenance=names, announced=spans, reason=texts, by=names
    ),
    maintenance.NoticeWithdrawn: st.builds(
        maintenance.NoticeWithdrawn, maintenance=names, reason=texts, by=names
    ),
    maintenance.MaintenanceStarted: st.builds(maintenance.MaintenanceStarted, maintenance=names),
    maintenance.MaintenanceFinished: st.builds(maintenance.MaintenanceFinished, maintenance=names),
    incidents.IncidentOpened: st.builds(
        incidents.IncidentOpened,
        incident=names,
        platforms=platforms,
        summary=texts,
        data_loss=st.booleans(),
        browser=st.none() | browsers,
        by=names,
    ),
    incidents.IncidentUpdated: st.builds(
        incidents.IncidentUpdated,
        incident=names,
        note=texts,
        cause=st.none() | texts,
        data_loss=st.none() | st.booleans(),
        by=names,
    ),
    incidents.IncidentResolved: st.builds(incidents.IncidentResolved, incident=names, cause=texts, by=names),
    incidents.DataLossAlertSent: st.builds(
        incidents.DataLossAlertSent,
        incident=names,
        platforms=platforms,
        administrators=st.lists(names, max_size=2).map(tuple),
        evidence=evidence,
    ),
    incidents.BrowserReported: st.builds(
        incidents.BrowserReported, incident=names, platform=names, browser=browsers, by=names
    ),
    claims.ClaimFiled: st.builds(
        claims.ClaimFiled,
        claim=names,
        platforms=platforms,
        claimed=spans,
        event=texts,
        evidence=evidence,
        by=names,
    ),
    claims.ClaimRuled: st.builds(
        lambda ruled, **rest: claims.ClaimRuled(decision=ruled[0], accepted=ruled[1], **rest),
        ruled=_ruled,
        claim=names,
        reason=texts,
        evidence=evidence,
        by=names,
        revises=st.none() | st.integers(1, LARGEST),
    ),
    corrections.ResultsCorrected: st.builds(
        lambda restated, **rest: corrections.ResultsCorrected(
            action=restated[0], outcome=restated[1], **rest
        ),
        restated=_restated,
        correction=names,
        agent=names,
        platform=names,
        interval=spans,
        reason=texts,
        evidence=evidence,
        by=names,
    ),
    support.SupportRequested: st.builds(
        support.SupportRequested,
        request=names,
        contract=names,
        platform=st.none() | names,
        subject=texts,
        by=names,
        account=st.none() | names,
    ),
    interventions.InterventionMade: st.builds(
        interventions.InterventionMade,
        intervention=names,
        request=names,
        platform=names,
        during=spans,
        account=names,
        summary=texts,
        by=names,
    ),
    support.SupportAnswered: st.builds(support.SupportAnswered, request=names, by=names),
    operations.BackupTaken: st.builds(
        operations.BackupTaken,
        platform=names,
        backup=names,
        operator=operators,
        size_bytes=st.none() | counts,
    ),
    operations.BackupReplicated: st.builds(
        operations.BackupReplicated, platform=names, backup=names, operator=operators
    ),
    operations.BackupExpired: st.builds(operations.BackupExpired, platform=names, backup=names),
    operations.DataPlaced: st.builds(
        operations.DataPlaced,
        platform=names,
        operators=st.lists(operators, min_size=1, max_size=3).map(tuple),
    ),
    operations.StorageMeasured: st.builds(operations.StorageMeasured, platform=names, used_bytes=counts),
    processors.ProcessorEngaged: st.builds(
        processors.ProcessorEngaged,
        processor=names,
        name=texts,
        address=texts,
        registration=texts,
        role=texts,
        from_day=days,
        contracts=st.lists(names, max_size=2).map(tuple),
        by=names,
    ),
    processors.ProcessorChanged: st.builds(
        processors.ProcessorChanged,
        processor=names,
        name=st.none() | texts,
        address=st.none() | texts,
        registration=st.none() | texts,
        role=texts,
        from_day=days,
        reason=texts,
        by=names,
    ),
    processors.ProcessorDismissed: st.builds(
        processors.ProcessorDismissed, processor=names, last_day=days, reason=texts, by=names
    ),
    components.ComponentEnabled: st.builds(
        components.ComponentEnabled,
        platform=names,
        component=names,
        name=texts,
        kind=st.sampled_from(["analytics", "sharing", "sign-on", "drive"]),
        transfers_outside_eu=st.booleans(),
        by=names,
    ),
    components.ComponentDisabled: st.builds(
        components.ComponentDisabled, platform=names, component=names, by=names
    ),
    copies.LedgerCopied: st.builds(
        copies.LedgerCopied,
        source=texts,
        position=counts,
        running_hash=hashes,
        rounds=st.lists(_copied_rounds, max_size=2).map(tuple),
    ),
    seals.SealMade: st.builds(
        seals.SealMade,
        seal=names,
        position=counts,
        running_hash=hashes,
        rounds=st.lists(_sealed_rounds, max_size=2).map(tuple),
    ),
    assessments.AssessmentMade: st.builds(
        assessments.AssessmentMade,
        contract=names,
        period=spans,
        period_number=_from_one,
        revision=_from_one,
        seal=names,
        terms_version=_from_one,
        platforms=st.lists(_assessed_platforms, max_size=2).map(tuple),
        days_accrued=counts,
        days_granted=counts,
        days_left_under_cap=counts,
        figures_digest=hashes,
        statement_digest=hashes,
    ),
    assessments.PenaltyGranted: _penalties(assessments.PenaltyGranted),
    assessments.PenaltyReversed: _penalties(assessments.PenaltyReversed),
    directory.DirectorySynchronised: st.builds(
        directory.DirectorySynchronised,
        contract=names,
        administrators=st.lists(names, max_size=3, unique=True).map(tuple),
        count=counts,
        by=names,
    ),
    directory.PersonErased: st.builds(
        directory.PersonErased, contract=names, person=names, reason=texts, by=names
    ),
    mails.MailAttempted: st.builds(mails.MailAttempted, **_sent, sender=names),
    mails.MailAccepted: st.builds(mails.MailAccepted, **_sent, code=counts, reply=texts),
    mails.MailRefused: st.builds(mails.MailRefused, **_sent, code=counts, reply=texts),
    mails.MailUnanswered: st.builds(
        mails.MailUnanswered, **_sent, trouble=texts, may_have_arrived=st.booleans()
    ),
    mails.MailBounced: st.builds(
        mails.MailBounced,
        **_sent,
        status=st.from_regex(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}", fullmatch=True),
        diagnostic=texts,
        report=hashes,
    ),
    mails.MailAbandoned: st.builds(
        mails.MailAbandoned, **_sent, why=st.sampled_from(["no-address", "overtaken", "over"])
    ),
    escalations.NoticeEscalated: st.builds(
        escalations.NoticeEscalated,
        escalation=names,
        contract=names,
        maintenance=st.none() | names,
        incident=st.none() | names,
        cause=st.integers(1, LARGEST),
        why=st.sampled_from(["refused", "bounced", "unanswered", "no-address"]),
        deadline=st.none() | instants,
    ),
    bulletins.BulletinReceived: st.builds(
        bulletins.BulletinReceived,
        bulletin=names,
        operator=names,
        kind=st.sampled_from(["incident", "maintenance"]),
        key=texts,
        title=texts,
        status=texts,
        impact=texts,
        concerned=st.lists(texts, max_size=3).map(tuple),
        since=st.none() | instants,
        until=st.none() | instants,
        sequence=st.none() | st.integers(0, LARGEST),
        statements=st.lists(
            st.builds(
                bulletins.Statement,
                key=texts,
                status=texts,
                body=texts,
                created=instants,
                displayed=st.none() | instants,
            ),
            max_size=2,
        ).map(tuple),
        evidence=evidence,
    ),
}
"""Every type of fact, and arbitrary facts of it."""
