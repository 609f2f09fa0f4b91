"""As known at K: what is recorded after K changes nothing, and what a ledger holds can always be read."""

import pytest
from eventsourcing.persistence import StoredEvent

from ledger.fact import GENESIS_HASH, Draft
from ledger.log import codec
from ledger.log.codec import Envelope
from projections.figures import Statement
from projections.statement import statement
from tests.spec import Story

OUTAGE = "2026-10-01T00:00+02:00 up, 2026-10-06T09:00+02:00 down, 2026-10-06T12:00+02:00 up"


def october(known) -> Statement:
    return statement(known, "acme", "2026-10")


# ---------------------------------------------------------------- what a ledger may hold already


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59Z", "9999-01-01T00:00:00Z"])
def test_a_ledger_that_holds_an_instant_no_zone_can_write_is_read_all_the_same(end):
    story = Story().contract("acme", "2026-10-01").observed("paris", "acme-prod", OUTAGE)
    story.claim("f1", ["acme-prod"], "2026-10-06T09:00+02:00/2026-10-06T10:00+02:00")
    claimed = story.known().claims["f1"].filed
    filed = Envelope.of(Draft("claim:f2", claimed.model_copy(update={"claim": "f2"}), 0), 1, GENESIS_HASH)
    beyond = codec.encode(filed).replace(b'"to":"2026-10-06T08:00:00Z"', f'"to":"{end}"'.encode())
    story.engine.decisions.insert_events([StoredEvent("claim:f2", 1, claimed.TYPE, beyond)])

    entries = {entry.name: entry for entry in october(story.known()).entries}

    assert entries["f1"].claimed.end == "2026-10-06T10:00:00+02:00"
    assert entries["f2"].claimed.end.startswith("9999-")
