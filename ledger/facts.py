"""The closed union of all facts: every type's name, and how an old shape is read as the present one.

A fact's type name is part of the format and never changes; another shape is another version
(`….v2`), and `UPCASTERS` says how the older one is read. Stored bytes are never touched.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ledger.claims import ClaimFiled, ClaimRuled
from ledger.contracts import (
    ContractAmended,
    ContractEnded,
    ContractSigned,
    PlatformAdded,
    PlatformRemoved,
)
from ledger.copies import LedgerCopied
from ledger.corrections import ResultsCorrected
from ledger.fact import Fact
from ledger.incidents import DataLossAlertSent, IncidentOpened, IncidentResolved, IncidentUpdated
from ledger.maintenance import (
    MaintenanceFinished,
    MaintenanceStarted,
    NoticeMoved,
    NoticePublished,
    NoticeWithdrawn,
)
from ledger.operations import BackupExpired, BackupReplicated, BackupTaken, DataPlaced, StorageMeasured
from ledger.plans import PlanSet
from ledger.support import SupportAnswered, SupportRequested

ALL_FACTS: tuple[type[Fact], ...] = (
    ContractSigned,
    ContractAmended,
    ContractEnded,
    PlatformAdded,
    PlatformRemoved,
    PlanSet,
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
)

BY_TYPE: Mapping[str, type[Fact]] = {fact.TYPE: fact for fact in ALL_FACTS}

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
    return BY_TYPE[type_name].model_validate(data)
