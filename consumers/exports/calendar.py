"""The work that was announced to a contract, as a calendar that others subscribe to, in its language.

An event says what the one says that was mailed, with its UID: a calendar that has both shows one.
"""

from consumers.notices.calendar import feed
from consumers.notices.letter import subject
from consumers.notices.occasions import last_notices
from ledger.contracts import Contract, require_signed
from projections.asof import Known

_NAMES = {"fr": "{client} : maintenances", "en": "{client}: maintenance"}


def work_of(known: Known, contract: Contract, organizer: str, provider: str) -> bytes:
    """Of each work its last notice; one that was withdrawn is cancelled."""
    signed = require_signed(contract)
    told = [(each, subject(each, signed.language)) for each in last_notices(known, contract)]
    return feed(told, organizer, provider, _NAMES[signed.language].format(client=signed.client))
