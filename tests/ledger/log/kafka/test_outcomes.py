"""What a writer makes of every answer, on its own: a producer and a log that do as the test says, no broker."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import pytest
from eventsourcing.persistence import IntegrityError, StoredEvent
from kafka import errors

from ledger.errors import (
    BadInputError,
    ConflictError,
    UnknownOutcomeError,
    UnreachableLedgerError,
    UnusableLedgerError,
)
from ledger.fact import GENESIS_HASH
from ledger.log.interface import NewRound
from ledger.log.kafka import clients, sender, writer
from ledger.log.kafka.address import parse
from ledger.log.kafka.changes import ChangesTopic
from ledger.log.kafka.clients import Producers
from ledger.log.kafka.copied import up_to
from ledger.log.kafka.judge import Verdict
from ledger.log.kafka.outcomes import GIVEN_UP, MEANINGS, OTHERWISE, Outcome, meaning_of, refusal, shown
from ledger.log.kafka.partitions import Partitions
from ledger.log.kafka.places import Places, Probed, partition_of
from ledger.log.kafka.probes import ProbeLog
from ledger.log.kafka.sender import RoundSender
from ledger.log.kafka.writer import Writer
from ledger.rounds import chained
from tests.ledger.log.kafka.mirrors import mirror_at
from tests.ledger.log.processes import a_round

NO = [kind for kind, meaning in MEANINGS.items() if meaning.outcome is Outcome.NO]
NOT_NO = [kind for kind, meaning in MEANINGS.items() if meaning.outcome is Outcome.UNKNOWN]
LOST = [errors.OffsetOutOfRangeError, errors.NoOffsetForPartitionError]
UNKNOWN = errors.KafkaTimeoutError
ADDRESS = parse("kafka://host:9092", {})
SOON = replace(ADDRESS, timeout_s=0.1)
"""For those who wait until time is over."""
UNREACHABLE = UnreachableLedgerError("no broker answers")
EVENTS = [StoredEvent("s", 1, "t", b"abc")]


class Sent:
    """What a producer gives for a record: an answer later on."""

    def __init__(self, error):
        self._error = error

    def add_errback(self, hear):
        if self._error:
            hear(self._error)

    def get(self, timeout):  # noqa: ARG002 - as the client's
        if self._error:
            raise self._error


class Log:
    """A topic and its producers: for each send, whether the record is written and what is said of it.

    Each step is `(is_written, error)`; the last one is repeated. An error instead of a step is raised where the
    producer is made.
    """

    def __init__(self, *steps):
        self._steps = list(steps)
        self.sent = []
        self.written = []
        self.holds_some = False
        self.was_forced = False
        self.producers = 0
        self._sender = self

    def _step(self):
        return self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]

    def producer(self, _address, **_settings):
        if isinstance(self._steps[0], Exception):
            raise self._step()
        self.producers += 1
        return self

    def send(self, _topic, value, *_key, **_where):
        is_written, error = self._step()
        self.sent.append(value)
        if is_written:
            self.written.append(value)
        return Sent(error)

    def close(self, timeout):
        if self.holds_some:
            raise errors.KafkaTimeoutError(f"after {timeout}")

    def force_close(self):
        self.was_forced = True


class FakeTail:
    """A reader that sees what is written at once, or as the test says."""

    failure = None
    is_late = False
    """Sees what is written only once somebody reads to the end."""

    def __init__(self, log, verdict=None):
        self._log = log
        self._verdict = verdict or Verdict(range(1, 2), None)

    def expect(self, _nonce):
        pass

    def forget(self, _nonce):
        pass

    def wake(self, _nonce):
        pass

    def catch_up(self, _timeout_s):
        if self.failure:
            raise self.failure
        self.is_late = False

    def verdict(self, _nonce, _timeout_s, _until):
        if self.failure:
            raise self.failure
        return self._verdict if self._log.written and not self.is_late else None


@pytest.fixture(autouse=True)
def in_no_time(monkeypatch):
    monkeypatch.setattr(writer, "PAUSE_S", 0.01)
    monkeypatch.setattr(sender, "PAUSE_S", 0.01)


@pytest.fixture
def writing(monkeypatch):
    """A writer on a log that does as it is told."""

    def made(*steps, verdict=None, address=ADDRESS):
        log = Log(*steps)
        monkeypatch.setattr(clients, "producer", log.producer)
        return Writer(address, FakeTail(log, verdict)), log

    return made


# ---------------------------------------------------------------- the table


def test_every_error_says_what_to_do_and_what_is_not_in_the_table_is_unknown():
    assert all(meaning.advice for meaning in (*MEANINGS.values(), OTHERWISE))
    assert meaning_of(errors.NotCoordinatorError()) is OTHERWISE
    assert meaning_of(OSError()).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("kind", [*NOT_NO, OSError])
def test_who_is_told_that_something_could_not_be_done_is_not_told_that_it_is_tried_again(kind):
    topic = Partitions(ADDRESS, "x.mirror")

    for said in (str(topic._unreadable(kind("too late"))), str(refusal(kind("too late"), "not done"))):
        assert GIVEN_UP in said
        assert "Constat reads the log" not in said


def test_an_error_of_a_kind_in_the_table_means_what_that_kind_means():
    class Special(errors.TopicAuthorizationFailedError):
        pass

    assert meaning_of(Special()) is MEANINGS[errors.TopicAuthorizationFailedError]


def test_an_error_is_shown_in_one_line_without_its_class():
    assert shown(errors.KafkaTimeoutError("a\n  b")) == "a b"
    assert shown(errors.SaslAuthenticationFailedError("SaslAuthenticationFailedError: no")) == "no"
    assert shown(errors.IllegalSaslStateError()) == "IllegalSaslStateError"
    assert shown(ValueError()) == "ValueError"
    assert len(shown(ValueError("x" * 1_000))) == 300


# ---------------------------------------------------------------- facts


def test_a_record_that_counts_is_acknowledged_with_its_positions(writing):
    writer_, log = writing((True, None))

    assert writer_.append(EVENTS).positions == [1]
    assert len(log.sent) == 1


def test_a_record_that_the_log_calls_void_is_a_conflict(writing):
    writer_, _ = writing((True, None), verdict=Verdict((), "s stands at 1; 1 does not follow"))

    with pytest.raises(IntegrityError, match="does not follow"):
        writer_.append(EVENTS)


@pytest.mark.parametrize("kind", NO)
def test_what_surely_was_not_written_is_told_at_once_with_what_to_do(writing, kind):
    writer_, log = writing((False, kind("nope")))

    with pytest.raises(UnusableLedgerError) as refused:
        writer_.append(EVENTS)

    assert MEANINGS[kind].advice in str(refused.value)
    assert str(refused.value).endswith("nothing was written")
    assert len(log.sent) == 1


@pytest.mark.parametrize("kind", [*NOT_NO, *LOST, errors.NotCoordinatorError])
def test_where_it_is_not_known_the_same_bytes_are_sent_again_until_the_log_says(writing, kind):
    writer_, log = writing((False, kind()), (False, kind()), (True, None))

    assert writer_.append(EVENTS).positions == [1]
    assert len(log.sent) == 3
    assert len(set(log.sent)) == 1


@pytest.mark.parametrize("kind", [*NO, *NOT_NO, *LOST, errors.NotCoordinatorError])
def test_whatever_the_producer_says_what_the_log_holds_is_acknowledged(writing, kind):
    writer_, log = writing((True, kind()))

    assert writer_.append(EVENTS).positions == [1]
    assert len(log.sent) == 1


@pytest.mark.parametrize("kind", NO)
def test_a_no_of_the_client_is_believed_only_when_the_log_was_read_to_its_end(writing, kind):
    writer_, log = writing((True, kind("nope")))
    writer_._tail.is_late = True  # an earlier sending arrived, and its answer was lost

    assert writer_.append(EVENTS).positions == [1]
    assert len(log.sent) == 1


@pytest.mark.parametrize("kind", NO)
def test_a_no_of_the_client_is_not_passed_on_while_the_log_cannot_be_read(writing, kind):
    writer_, _ = writing((False, kind("nope")))
    writer_._tail.verdict = lambda *_: None
    writer_._tail.failure = UnusableLedgerError("the topic lost its end")

    with pytest.raises(UnknownOutcomeError, match="the topic lost its end"):
        writer_.append(EVENTS)


def test_a_producer_that_says_nothing_for_longer_than_a_delivery_may_take_is_exchanged(writing):
    writer_, log = writing((False, None), (True, None))

    assert writer_.append(EVENTS).positions == [1]
    assert len(log.sent) == log.producers == 2


def test_threads_that_fail_together_make_one_new_producer(monkeypatch):
    made = []
    monkeypatch.setattr(clients, "producer", lambda *_, **__: made.append(Log((True, None))) or made[-1])
    producers = Producers(ADDRESS)
    failed = [producers.one() for _ in range(16)]

    for each in failed:
        producers.discard(each)
        assert producers.one() is made[1]

    assert len(made) == 2


@pytest.mark.parametrize("kind", NO)
def test_no_after_it_was_not_known_is_not_no(writing, kind):
    writer_, _ = writing((False, UNKNOWN()), (False, kind("nope")), address=SOON)

    with pytest.raises(UnknownOutcomeError, match="look whether they are there before you try again"):
        writer_.append(EVENTS)


def test_no_broker_at_all_is_told_at_once(writing):
    writer_, log = writing(UNREACHABLE)

    with pytest.raises(UnusableLedgerError) as refused:
        writer_.append(EVENTS)

    assert refused.value is UNREACHABLE
    assert log.sent == []


def test_no_broker_after_it_was_not_known_is_not_no(writing):
    writer_, log = writing((False, UNKNOWN()), UNREACHABLE, address=SOON)

    with pytest.raises(UnknownOutcomeError, match="no broker answers"):
        writer_.append(EVENTS)

    assert len(log.sent) == 1


def test_a_copy_that_arrives_after_the_brokers_were_gone_is_acknowledged(writing):
    writer_, log = writing((False, UNKNOWN()), UNREACHABLE)
    forget = writer_._producers.discard

    def arrives(failed):
        forget(failed)
        log.written = log.sent

    writer_._producers.discard = arrives

    assert writer_.append(EVENTS).positions == [1]


def test_where_nobody_reads_the_log_any_longer_what_was_sent_is_not_known(writing):
    writer_, _ = writing((True, None), address=SOON)
    writer_._tail.failure = UnusableLedgerError("the topic lost its end")

    with pytest.raises(UnknownOutcomeError, match="the topic lost its end"):
        writer_.append(EVENTS)


def test_facts_too_long_for_one_record_are_refused_before_anything_is_sent(writing):
    writer_, log = writing((True, None))

    with pytest.raises(BadInputError, match="append fewer at once"):
        writer_.append([StoredEvent("s", n, "t", bytes(600_000)) for n in (1, 2)])

    assert log.sent == []


def test_a_producer_that_still_holds_something_is_stopped_and_the_facts_are_sent_by_the_next(writing):
    writer_, log = writing((False, UNKNOWN()), (True, None))
    log.holds_some = True

    assert writer_.append(EVENTS).positions == [1]
    assert log.was_forced
    writer_.close()


# ---------------------------------------------------------------- rounds


class Probes(ProbeLog):
    """The probe log on a topic that does as it is told."""

    def __init__(self, log, address):
        self.log = log
        self.unread = []
        super().__init__(address, mirror_at(), 2, lambda _: up_to({}), ChangesTopic(address, 2))

    def catch_up(self, partitions=None):  # noqa: ARG002 - as the base's
        if self.unread and self.log.sent and (failure := self.unread.pop(0)):
            raise failure
        where = partition_of("paris", 2)
        with self._mirror.writing() as connection:
            placing = Places(connection, up_to({}), 2)
            for place, value in enumerate(self.log.written):
                if place >= placing._end(where).next_place:
                    placing.take(Probed(where, place, place, value, None))
            placing.close()


class Sending(RoundSender):
    """Sends rounds to that topic."""

    def __init__(self, address, there):
        super().__init__(address, there)
        self.there, self.log, self.head = there, there.log, there.head

    def cannot_be_read(self, *failures):
        self.there.unread = list(failures)

    def append(self, agent, rounds):
        super().append(agent, [sender.Sent(new) for new in rounds])


@pytest.fixture
def probing(monkeypatch):
    def made(*steps, address=ADDRESS):
        log = Log(*steps)
        monkeypatch.setattr(clients, "producer", log.producer)
        return Sending(address, Probes(log, address))

    return made


def rounds(*numbers, previous=GENESIS_HASH):
    values = chained([a_round(number) for number in numbers], previous)
    return [NewRound(number, 0, value) for number, value in zip(numbers, values, strict=True)]


def test_rounds_are_sent_once_where_the_brokers_say_yes(probing):
    log = probing((True, None))
    batch = rounds(1, 2, 5)

    log.append("paris", batch)

    assert log.log.sent == [new.value for new in batch]
    assert log.head("paris").number == 5


def test_only_the_rounds_that_the_log_does_not_have_are_sent_again(probing):
    log = probing((True, None), (False, UNKNOWN()), (False, UNKNOWN()), (True, None))
    one, two, three = rounds(1, 2, 3)

    log.append("paris", [one, two, three])

    assert log.log.written == [one.value, two.value, three.value]
    assert log.log.sent == [each.value for each in (one, two, three, two, three)]


@pytest.mark.parametrize("kind", NO)
def test_rounds_that_surely_were_not_written_are_told_at_once(probing, kind):
    log = probing((False, kind()))

    with pytest.raises(UnusableLedgerError, match="nothing was written"):
        log.append("paris", rounds(1))


@pytest.mark.parametrize("kind", NO)
def test_of_rounds_that_are_refused_in_the_middle_those_before_are_said_to_be_there(probing, kind):
    log = probing((True, None), (False, kind()))

    with pytest.raises(UnusableLedgerError, match=r"rounds 2 to 3 .*; the rounds before them are there"):
        log.append("paris", rounds(1, 2, 3))

    assert log.head("paris").number == 1


def test_a_refused_window_says_what_the_windows_before_it_brought(probing, monkeypatch):
    monkeypatch.setattr(sender, "WINDOW", 2)
    log = probing((True, None), (True, None), (False, NO[0]()))

    with pytest.raises(UnusableLedgerError, match=r"rounds 3 to 4 .*; the rounds before them are there"):
        log.append("paris", rounds(1, 2, 3, 4))


def test_a_round_too_long_for_a_record_is_refused_before_anything_is_sent(probing):
    log = probing((True, None))
    one, two = rounds(1, 2)

    with pytest.raises(BadInputError, match="round 2 of agent paris has 1000"):
        log.append("paris", [one, two._replace(value=two.value + b" " * 1_000_000)])

    assert log.log.sent == []


@pytest.mark.parametrize("kind", [*NO, *NOT_NO, *LOST])
def test_rounds_of_which_nothing_is_known_when_the_time_is_over_are_said_to_be_so(probing, kind):
    log = probing((False, UNKNOWN()), (False, kind()), address=SOON)

    with pytest.raises(UnknownOutcomeError, match="it is not known whether rounds 1 to 2 of agent paris"):
        log.append("paris", rounds(1, 2))


def test_a_log_that_cannot_be_read_after_rounds_were_sent_is_read_again(probing):
    log = probing((True, None))
    log.cannot_be_read(UNREACHABLE, UNREACHABLE, None)

    log.append("paris", rounds(1, 2))

    assert log.head("paris").number == 2


def test_rounds_are_not_sent_again_before_the_log_was_read(probing):
    log = probing((True, None))
    log.cannot_be_read(*[UNREACHABLE] * 5, None)

    log.append("paris", rounds(1, 2))

    assert len(log.log.sent) == 2


def test_a_mirror_that_was_deleted_meanwhile_leaves_the_outcome_unknown_at_once_and_sends_nothing_more(
    probing,
):
    log = probing((True, None))
    log.cannot_be_read(*[UnusableLedgerError("the mirror was deleted while in use")] * 10_000)

    with pytest.raises(UnknownOutcomeError, match="the mirror was deleted while in use"):
        log.append("paris", rounds(1, 2))

    assert len(log.log.sent) == 2


def test_a_log_that_cannot_be_read_any_longer_leaves_the_outcome_unknown(probing):
    log = probing((True, None), address=SOON)
    log.cannot_be_read(*[UNREACHABLE] * 10_000)

    with pytest.raises(UnknownOutcomeError, match="no broker answers"):
        log.append("paris", rounds(1, 2))


def test_rounds_that_another_writer_went_on_from_are_there(probing):
    log = probing((True, None))
    batch = rounds(1, 2, 3)
    send = log._send

    def then_another_goes_on(agent, some):
        send(agent, some)
        log.log.written.append(batch[2].value)

    log._send = then_another_goes_on

    log.append("paris", batch[:2])

    assert log.head("paris").number == 3


def test_rounds_overtaken_by_another_writer_are_a_conflict(probing):
    log = probing((False, UNKNOWN()))
    send = log._send

    def another_is_faster(agent, some):
        log.log.written.append(rounds(4)[0].value)
        return send(agent, some)

    log._send = another_is_faster

    with pytest.raises(ConflictError, match="stands at round 4, which another writer appended"):
        log.append("paris", rounds(1, 2))


# ---------------------------------------------------------------- many who wait for one producer


def test_who_waits_while_somebody_gets_to_no_broker_hears_of_it_and_does_not_try_for_himself(monkeypatch):
    """Seen to fail without the memory of `Producers`: eight threads tried one after the other, for 0.8 s."""
    tries = []

    def slow(*_, **__):
        tries.append(1)
        time.sleep(0.1)
        raise UNREACHABLE

    monkeypatch.setattr(clients, "producer", slow)
    monkeypatch.setattr(clients, "PAUSE_S", 5)
    producers = Producers(ADDRESS)

    with ThreadPoolExecutor(8) as pool:
        heard = [each.exception() for each in [pool.submit(producers.one) for _ in range(8)]]

    assert len(tries) == 1
    assert {(type(each), str(each)) for each in heard} == {(UnreachableLedgerError, str(UNREACHABLE))}
    assert len({id(each) for each in heard}) == 8


def test_after_a_pause_a_producer_is_tried_for_again(monkeypatch):
    answers, now_s = [UNREACHABLE, "a producer"], [0.0]

    def make(*_, **__):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(clients, "producer", make)
    monkeypatch.setattr(clients, "time", SimpleNamespace(monotonic=lambda: now_s[0]))
    producers = Producers(ADDRESS)
    for now_s[0] in (0.0, clients.PAUSE_S * 0.99):
        with pytest.raises(UnreachableLedgerError):
            producers.one()

    now_s[0] = clients.PAUSE_S

    assert producers.one() == "a producer"
