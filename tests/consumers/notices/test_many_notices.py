"""Many notices through a server with every fault: none missing, none late unsaid, doubles only where none could know."""

import os
import random

import pytest

from consumers.notices import running
from consumers.notices.smtp import NoReplyError, Reply
from ledger.instants import DAY_MS, HOUR_MS, MINUTE_MS
from ledger.mails import MailUnanswered
from projections.statement import statement
from tests import counts
from tests.consumers.notices.postoffice import PROD, PUBLISHED, Office
from tests.spec import ms

SOAK = bool(os.environ.get("CONSTAT_SOAK"))
SEEDS = range(20 if SOAK else 3)
NOTICES = 60 if SOAK else 12
DAYS = 8


class Faulty:
    """A server that is away, refuses, drops before and after; each by chance, and away for hours together."""

    def __init__(self, chance: random.Random, clock) -> None:
        self.chance, self.clock = chance, clock
        self.arrived: list[tuple[str, bytes]] = []
        begins = [chance.randrange(DAYS * DAY_MS) for _ in range(3)]
        self.away = [
            (ms(PUBLISHED) + each, ms(PUBLISHED) + each + chance.randrange(30 * HOUR_MS)) for each in begins
        ]

    def open(self) -> None:
        if any(start <= self.clock() < end for start, end in self.away):
            raise NoReplyError("ConnectionRefusedError: away", may_have_arrived=False)

    def send(self, _sender: str, recipient: str, message: bytes) -> Reply:
        self.open()
        fault = self.chance.choice(["", "", "", "4xx", "5xx", "before", "after"])
        if fault == "before":
            raise NoReplyError("lost", may_have_arrived=False)
        if fault in ("4xx", "5xx"):
            return Reply(is_taken=False, code=int(fault[0]) * 100 + 50, text="no")
        self.arrived.append((recipient, message))
        if fault == "after":
            raise NoReplyError("lost", may_have_arrived=True)
        return Reply(is_taken=True, code=250, text="OK")

    def close(self) -> None:
        pass


@pytest.mark.parametrize("seed", SEEDS)
def test_every_notice_arrives_or_ops_heard_in_time_and_doubles_are_no_more_than_ambiguities(tmp_path, seed):
    chance = random.Random(seed)
    office = Office(tmp_path, 25)
    server = Faulty(chance, lambda: office.story.now_ms)
    sender = running.sender(
        office.story.ledger,
        office.store,
        office.evidence,
        server,
        office.settings,
        lambda: office.story.now_ms,
    )
    start_ms = ms(PUBLISHED)
    end_ms = start_ms + (DAYS + 4) * DAY_MS
    for number in range(NOTICES):
        announced_ms = start_ms + 2 * DAY_MS + chance.randrange(DAYS * DAY_MS)
        office.story.notice(f"m{number}", [PROD], f"{iso(announced_ms)}/{iso(announced_ms + 2 * HOUR_MS)}")

    now_ms = start_ms
    while now_ms < end_ms:
        office.story.at(now_ms)
        now_ms = max(running.run_once(sender, office.settings).next_ms, now_ms + MINUTE_MS)
    office.story.at(end_ms)

    known = office.story.known()
    ids = [message.split(b"Message-ID: ")[1].split(b"\r\n")[0] for _, message in server.arrived]
    ambiguities = [f for f in office.facts(MailUnanswered) if f.fact.may_have_arrived]
    assert 0 < len(ids) - len(set(ids)) <= len(ambiguities)
    notices = [entry.notices[0] for entry in maintenances(known)]
    assert len(notices) == NOTICES
    for notice in notices:
        assert notice.in_time or notice.escalated_at is not None, notice
        if not notice.in_time:
            deadline_ms = ms(notice.announced.start) - DAY_MS
            assert ms(notice.escalated_at) <= max(deadline_ms, start_ms)
    late = sum(not notice.in_time for notice in notices)
    counts.write_down(
        f"many notices, {seed}", notices=NOTICES, late_and_told=late, sent=len(ids), unknown=len(ambiguities)
    )
    office.store.close()


def maintenances(known):
    entries = statement(known, "acme", "1").entries
    return [entry for entry in entries if entry.kind == "maintenance"]


def iso(instant_ms: int) -> str:
    from ledger.instants import format_instant  # noqa: PLC0415 - only here

    return format_instant(instant_ms)
