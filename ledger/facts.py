"""The closed union of all facts: every type's name, and how an old shape is read as the present one.

A fact's type name is part of the format and never changes; another shape is another version
(`….v2`), and `UPCASTERS` says how the older one is read. Stored bytes are never touched.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ledger.assessments import AssessmentMade, PenaltyGranted, PenaltyReversed
from ledger.bulletins import BulletinReceived
from ledger.claims import ClaimFiled, ClaimRuled
from ledger.components import ComponentDisabled, ComponentEnabled
from ledger.contracts import (
    ContractAmended,
    ContractEnded,
    ContractSigned,
    PlatformAdded,
    PlatformRemoved,
)
from ledger.copies import LedgerCopied
from ledger.corrections import ResultsCorrected
from ledger.directory import DirectorySynchronised, PersonErased
from ledger.escalations import NoticeEscalated
from ledger.fact import Fact
from ledger.incidents import (
    BrowserReported,
    DataLossAlertSent,
    IncidentOpened,
    IncidentResolved,
    IncidentUpdated,
)
from ledger.instants import STORED
from ledger.interventions import InterventionMade
from ledger.mails import (
    MailAbandoned,
    MailAccepted,
    MailAttempted,
    MailBounced,
    MailRefused,
    MailUnanswered,
)
from ledger.maintenance import (
    MaintenanceFinished,
    MaintenanceStarted,
    NoticeMoved,
    NoticePublished,
    NoticeWithdrawn,
)
from ledger.operations import BackupExpired, BackupReplicated, BackupTaken, DataPlaced, StorageMeasured
from ledger.plans import AgentRetired, PlanSet
from ledger.processors import ProcessorChanged, ProcessorDismissed, ProcessorEngaged
from ledger.runs import AgentStarted, AgentStopped
from ledger.seals import SealMade
from ledger.support import SupportAnswered, SupportRequested
from ledger.targets import TargetsDefined

ALL_FACTS: tuple[type[Fact], ...] = (
    ContractSigned,
    ContractAmended,
    ContractEnded,
    PlatformAdded,
    PlatformRemoved,
    PlanSet,
    AgentRetired,
    AgentStarted,
    AgentStopped,
    TargetsDefined,
    NoticePublished,
    NoticeMoved,
    NoticeWithdrawn,
    MaintenanceStarted,
    MaintenanceFinished,
    IncidentOpened,
    IncidentUpdated,
    IncidentResolved,
    DataLossAlertSent,
    ClaimFiled,
    ClaimRuled,
    ResultsCorrected,
    SupportRequested,
    SupportAnswered,
    BackupTaken,
    BackupReplicated,
    BackupExpired,
    DataPlaced,
    StorageMeasured,
    LedgerCopied,
    SealMade,
    AssessmentMade,
    PenaltyGranted,
    PenaltyReversed,
    InterventionMade,
    BrowserReported,
    ProcessorEngaged,
    ProcessorChanged,
    ProcessorDismissed,
    ComponentEnabled,
    ComponentDisabled,
    DirectorySynchronised,
    PersonErased,
    MailAttempted,
    MailAccepted,
    MailRefused,
    MailUnanswered,
    MailBounced,
    MailAbandoned,
    NoticeEscalated,
    BulletinReceived,
)

BY_TYPE: Mapping[str, type[Fact]] = {fact.TYPE: fact for fact in ALL_FACTS}

BY_SUBJECT: Mapping[str, tuple[type[Fact], ...]] = {
    "contract": (ContractSigned, ContractAmended, ContractEnded, PlatformAdded, PlatformRemoved),
    "plan": (PlanSet, AgentRetired),
    "run": (AgentStarted, AgentStopped),
    "targets": (TargetsDefined,),
    "maintenance": (
        NoticePublished,
        NoticeMoved,
        NoticeWithdrawn,
        MaintenanceStarted,
        MaintenanceFinished,
    ),
    "incident": (IncidentOpened, IncidentUpdated, IncidentResolved, DataLossAlertSent, BrowserReported),
    "claim": (ClaimFiled, ClaimRuled),
    "correction": (ResultsCorrected,),
    "support": (SupportRequested, SupportAnswered),
    "operations": (BackupTaken, BackupReplicated, BackupExpired, DataPlaced, StorageMeasured),
    "copy": (LedgerCopied,),
    "seal": (SealMade,),
    "assessment": (AssessmentMade, PenaltyGranted, PenaltyReversed),
    "intervention": (InterventionMade,),
    "processor": (ProcessorEngaged, ProcessorChanged, ProcessorDismissed),
    "components": (ComponentEnabled, ComponentDisabled),
    "directory": (DirectorySynchronised, PersonErased),
    "mail": (MailAttempted, MailAccepted, MailRefused, MailUnanswered, MailBounced, MailAbandoned),
    "escalation": (NoticeEscalated,),
    "bulletin": (BulletinReceived,),
}
"""The first word of a stream's name -> the facts that it may hold."""

_NAMED_BY = {
    "plan": "agent",
    "run": "agent",
    "targets": "agent",
    "support": "request",
    "operations": "platform",
    "copy": "position",
    "assessment": "contract",
    "components": "platform",
    "directory": "contract",
}
"""The field of a fact that is the rest of its stream's name, where it is not called like its subject."""

_SUBJECT_OF = {fact: subject for subject, facts in BY_SUBJECT.items() for fact in facts}


def stream_of(fact: Fact) -> str:
    """The one stream on which a fact may stand: its subject, and the name of what it is about."""
    subject = _SUBJECT_OF[type(fact)]
    return f"{subject}:{getattr(fact, _NAMED_BY.get(subject, subject))}"


Upcaster = Callable[[dict[str, Any]], tuple[str, dict[str, Any]]]

UPCASTERS: Mapping[str, Upcaster] = {}
"""Old type name -> a pure function from its data to a newer type name and that type's data."""


def read(type_name: str, data: dict[str, Any]) -> Fact:
    """The fact of a type name and its data, old shapes included.

    Raises:
        KeyError: this version of Constat does not know the type; a newer one wrote it.
        ValueError: the data do not fit the type (pydantic's error).
    """
    while type_name in UPCASTERS:
        type_name, data = UPCASTERS[type_name](data)
    return BY_TYPE[type_name].model_validate(data, context={STORED: True})
