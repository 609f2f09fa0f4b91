"""What the benchmark says was known at a moment is what was known then, of the notices too."""

from consumers.bench.part import Part
from consumers.bench.replay import known_at
from ledger import maintenance
from ledger.application import Ledger
from ledger.fact import Draft, Span
from ledger.instants import HOUR_MS
from ledger.log.sqlite import SQLiteEngine
from ledger.maintenance import NoticePublished
from tests.consumers.bench.small import ALWAYS, SMALL


def test_a_notice_recorded_later_does_not_change_what_was_known_at_a_moment(tmp_path):
    part = Part(SMALL, range(180), tmp_path, ALWAYS)
    start_ms, moment_ms = part.bounds.start_ms, part.bounds.start_ms + 2 * HOUR_MS
    all_of_it, once = part.replay(), known_at(part, moment_ms)

    with Ledger(SQLiteEngine(str(part.ledger), clock=lambda: part.bounds.end_ms)) as ledger:
        notice = NoticePublished(
            maintenance="w-late",
            platforms=tuple(SMALL.names),
            announced=Span.of(start_ms, start_ms + HOUR_MS),
            summary="recorded when all was over",
        )
        ledger.append(Draft(maintenance.stream_of("w-late"), notice, start_ms - 48 * HOUR_MS))

    later = Part(SMALL, range(180), tmp_path, ALWAYS)
    assert known_at(later, moment_ms) == once
    assert sum(once) > 0
    assert later.replay() != all_of_it
