"""`kill -9` of all consumers at once, at any point: each event arrives once, each penalty is owed once, nobody is
left without a mail."""

import os
import random
import time

import pytest

from consumers.billing.account import look
from consumers.billing.store import Store
from consumers.relay.event import FeedEvent
from tests import counts
from tests.consumers.billing.penalties import ledger_at, owed
from tests.consumers.notices.postoffice import Mailroom, listening
from tests.consumers.services import notice, outage, prepared, running, wait_until

KILLS = 40 if os.environ.get("CONSTAT_SOAK") else 4
LONGEST_S = 1.5


def balances(path):
    """What billing owes, by contract, platform and period."""
    store = Store(str(path))
    try:
        return {
            (each.contract, each.platform, each.period_number): each.days for each in look(store).balances
        }
    finally:
        store.close()


@pytest.mark.slow
def test_whenever_it_is_killed_what_it_does_is_done_once_in_the_end(tmp_path):
    """A mail may go out twice only where its fate was unknown, as when the sender alone is killed."""
    folder, mailroom = prepared(tmp_path), Mailroom()
    ledger, feed, store = (folder / name for name in ("constat.db", "feed.jsonl", "billing.db"))
    options = ("--relay-to", feed, "--bill-store", store)
    outage(ledger)
    with listening(mailroom) as port:
        for number in range(KILLS):
            notice(ledger, f"m{number}")
            with running(folder, *options, smtp_port=port, password=None) as process:
                process.wait_for("running")
                time.sleep(random.random() * LONGEST_S)  # it is killed at any point: nothing is waited for
        with running(folder, *options, smtp_port=port, password=None) as process:
            process.wait_for("running")
            wait_until(lambda: owed(ledger) and store.exists() and balances(store) == owed(ledger), "billing")
            wait_until(lambda: len(set(mailroom.ids)) == KILLS, "a mail about each notice")
            assert process.end()[0] == 0

    with ledger_at(ledger, create=False) as opened:
        events = [FeedEvent.of(kept) for kept in opened.engine.facts() if b"assessment:" in kept.value]
    expected = [each.value for each in events if each.envelope.stream.startswith("assessment:")]
    assert feed.read_bytes().splitlines() == expected
    assert owed(ledger) == {("acme", "acme-prod", 1): 5}
    mails, twice = len(set(mailroom.ids)), len(mailroom.ids) - len(set(mailroom.ids))
    counts.write_down("killed run", kills=KILLS, events=len(expected), mails=mails, sent_twice=twice)
