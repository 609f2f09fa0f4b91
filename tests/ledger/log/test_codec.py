"""The bytes of a fact and of a round are a format: written once, for ever, pinned by known answers."""

import hashlib
from pathlib import Path

import orjson
import pytest
from msgspec.structs import replace

from ledger import rounds
from ledger.application import Ledger
from ledger.errors import BadInputError, DamagedLedgerError
from ledger.fact import GENESIS_HASH, Draft, Span, hash_of
from ledger.instants import parse_instant
from ledger.log import codec
from ledger.log.codec import Envelope
from ledger.log.interface import KeptFact
from ledger.log.sqlite import SQLiteEngine
from ledger.maintenance import NoticePublished
from ledger.rounds import Round

VECTORS = Path(__file__).parents[2] / "vectors"

NOTICE = Envelope.of(
    Draft(
        stream="maintenance:m-2026-10-06",
        fact=NoticePublished(
            maintenance="m-2026-10-06",
            platforms=("acme-prod", "zenith"),
            announced=Span.of(
                parse_instant("2026-10-06T02:00:00+02:00"), parse_instant("2026-10-06T04:00+02:00")
            ),
            summary="Mise à jour de la base de données",
            by="ops-7",
        ),
        occurred_ms=parse_instant("2026-10-04T16:30:00.250+02:00"),
        source="/constat/notices",
    ),
    sequence=1,
    previous_hash=GENESIS_HASH,
)
NOTICE_HASH = "sha256:94018ee8d9fbb1f6ff2d4410d217ef58dca894c51cfd9e1cb50a7ff9afa16952"

ROUND = Round(
    agent="paris",
    number=42,
    plan="paris/1",
    start_ms=parse_instant("2026-10-06T08:30:00+02:00"),
    n=4,
    not_up={1: ("down", 503, "service unavailable"), 3: ("degraded", 200, "slow")},
    missing=[0],
    odd_status={2: 204},
    jitter=bytes([0, 17, 255, 3]),
    late_ms={2: 1800},
)
LATENCIES = bytes([0, 44, 200, 16, 0, 1, 0, 39])
ROUND_PREVIOUS = "sha256:" + "5a" * 32
ROUND_HASH = "sha256:5a06f93921efa3c5791098b76e3a448f1a4fd56749dd347e327b22c628ee7e34"


def vector(name):
    return (VECTORS / name).read_bytes()


def test_a_fact_is_written_as_these_bytes_with_this_hash():
    value = codec.encode(NOTICE)

    assert value == vector("fact.json")
    assert hash_of(value) == NOTICE_HASH


def test_the_bytes_of_a_fact_are_read_as_that_fact():
    assert codec.decode(vector("fact.json")) == NOTICE


def test_a_stored_fact_is_recorded_with_its_place_its_clocks_and_the_hash_of_its_bytes():
    recorded = codec.recorded(KeptFact(812, "incident:x", 1_790_000_000_000, vector("fact.json")))

    assert recorded.fact == NOTICE.fact
    assert recorded.fact_id == "maintenance:m-2026-10-06/1"
    assert (recorded.position, recorded.recorded_ms) == (812, 1_790_000_000_000)
    assert recorded.occurred_ms == NOTICE.occurred_ms
    assert recorded.hash == NOTICE_HASH


def test_a_round_is_written_as_these_bytes_with_this_hash():
    value = rounds.encode(ROUND, ROUND_PREVIOUS)

    assert value == vector("round.json")
    assert hash_of(value) == ROUND_HASH


def test_the_bytes_of_a_round_are_read_as_that_round():
    assert rounds.decode(vector("round.json")) == (ROUND, ROUND_PREVIOUS)


def test_latencies_are_read_whatever_library_compressed_them():
    found, _ = rounds.decode(vector("round-with-latencies.json"))

    assert found == replace(ROUND, latencies=LATENCIES)
    assert [found.latency_ms(index) for index in range(found.n)] == [0, 44 + 256, 200, 16 + 39 * 256]


def changed(**attributes):
    """The known fact with other attributes; None takes one away."""
    event = orjson.loads(vector("fact.json")) | attributes
    return orjson.dumps({name: value for name, value in event.items() if value is not None})


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (b"", "EOF"),
        (b"\xff\xfe", "JSON"),
        (b"[]", "object"),
        (b"null", "object"),
        (vector("fact.json")[:-1], "EOF"),
        (changed(specversion="2.0"), "specversion"),
        (changed(type="constat.maintenance.notice-published.v9"), "not known to this version"),
        (changed(type=None), "type"),
        (changed(subject=7), "subject"),
        (changed(time="yesterday"), "no date and time"),
        (changed(time="2026-10-04T16:30:00"), "no zone"),
        (changed(sequence="1"), "sequence"),
        (changed(sequence="000000000002"), "calls itself maintenance:m-2026-10-06/1"),
        (changed(id="maintenance:another/1"), "calls itself maintenance:another/1"),
        (changed(previoushash="5a5a"), "previoushash"),
        (changed(data={"maintenance": "m-2026-10-06"}), "platforms"),
        (changed(data=[]), "data"),
        (changed(comment="not ours"), "comment"),
    ],
)
def test_bytes_that_are_no_fact_of_ours_are_refused_with_the_reason(value, why):
    with pytest.raises(DamagedLedgerError, match=why) as refused:
        codec.decode(value)

    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("value", "predecessor"),
    [
        (vector("fact.json"), GENESIS_HASH),
        (vector("round.json"), ROUND_PREVIOUS),
        (changed(previoushash=None), None),
        (changed(previoushash=7), None),
        (b'{"specversion"', None),
        (b"anything else", None),
    ],
)
def test_a_record_names_its_predecessor_only_if_it_is_an_event_of_ours(value, predecessor):
    assert codec.claimed_predecessor(value) == predecessor


@pytest.mark.parametrize("occurred_ms", [-1, 253_370_764_800_000, 2**53 - 1])
def test_a_fact_that_occurred_at_no_instant_is_refused(occurred_ms):
    with pytest.raises(BadInputError, match="before 1970 or after the year 9998"):
        codec.encode(NOTICE._replace(occurred_ms=occurred_ms))


@pytest.mark.parametrize("start", [-1, 253_370_764_800_000, 2**53 - 1])
def test_a_round_that_starts_at_no_instant_is_none(start):
    started = f'"start":{ROUND.start_ms}'.encode()
    value = rounds.encode(ROUND, ROUND_PREVIOUS).replace(started, f'"start":{start}'.encode())

    with pytest.raises(DamagedLedgerError, match="a stored round cannot be read"):
        rounds.decode(value)


@pytest.mark.parametrize(
    ("plain", "written"),
    [
        (b'"not_up":{"1":', b'"not_up":{"-0":'),
        (b'"not_up":{"1":', b'"not_up":{"0":["down",0,"x"],"-0":["down",0,"y"],"1":'),
        (b'"odd_status":{"2":', b'"odd_status":{"-0":'),
        (b'"late_ms":{"2":', b'"late_ms":{"-0":'),
    ],
)
def test_an_index_has_one_way_to_be_written(plain, written):
    value = vector("round.json")
    assert plain in value

    with pytest.raises(DamagedLedgerError, match="a stored round cannot be read"):
        rounds.decode(value.replace(plain, written))


def test_the_running_hash_of_facts_comes_out_by_the_specification_alone():
    kept = orjson.loads(vector("running-hash.json"))["facts"]
    running = bytes(32)

    for fact in kept:
        digest = "sha256:" + hashlib.sha256(fact["value"].encode()).hexdigest()
        pinned = f"{fact['record']} {fact['position']} {fact['recorded_ms']} {digest}"
        running = hashlib.sha256(running + pinned.encode()).digest()

        assert fact["hash"] == digest
        assert fact["running_hash"] == "sha256:" + running.hex()
    assert [fact["record"] for fact in kept] == [1, 2, 2]


def test_the_embedded_log_keeps_facts_with_this_running_hash():
    kept = orjson.loads(vector("running-hash.json"))["facts"]
    clock = iter([kept[0]["recorded_ms"], kept[1]["recorded_ms"]])
    ledger = Ledger(SQLiteEngine(":memory:", clock=lambda: next(clock)))
    for record in (kept[:1], kept[1:]):
        facts = [codec.decode(fact["value"].encode()) for fact in record]
        ledger.append(*(Draft(each.stream, each.fact, each.occurred_ms) for each in facts))

    rows = list(ledger.engine.fact_rows(until=len(kept)))

    assert [row.value.decode() for row in rows] == [fact["value"] for fact in kept]
    assert ["sha256:" + row.running_hash.hex() for row in rows] == [fact["running_hash"] for fact in kept]
    ledger.close()
