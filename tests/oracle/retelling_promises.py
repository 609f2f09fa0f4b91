"""What the oracle is told of the other promises, told to a ledger."""

from ledger import incidents, interventions, operations, support
from ledger.fact import Fact, Span
from ledger.incidents import Browser
from tests.oracle import promises as told
from tests.spec import Story


def tell(story: Story, contract: str, fact: told.Promised) -> None:
    """Put one of its facts into the story's ledger."""
    match fact:
        case told.Backup():
            story.fact(operations.stream_of(fact.platform), _of_backup(fact), fact.at_ms)
        case told.Placed():
            placed = operations.DataPlaced(platform=fact.platform, operators=fact.operators)
            story.fact(operations.stream_of(fact.platform), placed, fact.at_ms)
        case told.Stored():
            stored = operations.StorageMeasured(platform=fact.platform, used_bytes=fact.used_bytes)
            story.fact(operations.stream_of(fact.platform), stored, fact.at_ms)
        case told.Met():
            _meet(story, fact)
        case told.Asked() | told.Answered():
            story.fact(support.stream_of(fact.request), _of_support(contract, fact), fact.at_ms)
        case told.Intervened():
            story.fact(interventions.stream_of(fact.intervention), _intervened(fact), fact.to_ms)


def _of_backup(fact: told.Backup) -> Fact:
    platform, backup = fact.platform, fact.name
    match fact.kind:
        case "taken":
            return operations.BackupTaken(platform=platform, backup=backup, operator=fact.operator)
        case "copied":
            return operations.BackupReplicated(platform=platform, backup=backup, operator=fact.operator)
    return operations.BackupExpired(platform=platform, backup=backup)


def _meet(story: Story, fact: told.Met) -> None:
    """The first browser opens the incident, a further one is reported."""
    stream = incidents.stream_of(fact.incident)
    browser = Browser(name=fact.browser, major_version=fact.major_version)
    if any(True for _ in story.ledger.stream(stream)):
        reported = incidents.BrowserReported(incident=fact.incident, platform=fact.platform, browser=browser)
        story.fact(stream, reported, fact.at_ms)
        return
    opened = incidents.IncidentOpened(
        incident=fact.incident, platforms=(fact.platform,), summary="buttons do not react", browser=browser
    )
    story.fact(stream, opened, fact.at_ms)


def _of_support(contract: str, fact: told.Asked | told.Answered) -> Fact:
    if isinstance(fact, told.Answered):
        return support.SupportAnswered(request=fact.request, by="support-1")
    return support.SupportRequested(
        request=fact.request, contract=contract, subject="it is slow", by="admin-1", account=fact.account
    )


def _intervened(fact: told.Intervened) -> Fact:
    return interventions.InterventionMade(
        intervention=fact.intervention,
        request=fact.request,
        platform=fact.platform,
        during=Span.of(fact.from_ms, fact.to_ms),
        account=fact.account,
        summary="cleared a queue",
        by="staff-1",
    )
