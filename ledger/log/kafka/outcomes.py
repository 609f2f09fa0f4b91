"""What became of a record that was sent: yes, no, or unknown; and what every error of the client becomes.

*No* is only what surely was not written. Everything else that is no *yes* is *unknown*, and reading the log
settles it. The table is also a page of the reference, which is generated from here.
"""

import re
from enum import StrEnum
from typing import NamedTuple

from kafka import errors

from ledger.errors import ConstatError, UnusableLedgerError
from ledger.log.kafka.address import PASSWORD


class Outcome(StrEnum):
    """What an error says of the record that was sent."""

    NO = "no"
    """It was surely not written; the caller is told."""
    UNKNOWN = "unknown"
    """It may be in the log, or may still arrive; the log is read, and the same bytes are sent again."""
    LOST = "log lost"
    """The log no longer holds what was read from it; nothing goes on before somebody has looked."""


class Meaning(NamedTuple):
    """An error's outcome, and what the reader of its message is to do."""

    outcome: Outcome
    advice: str


RIGHTS = "ask the broker's administrator for the rights that docs/howto/kafka-access.md lists"
_WAIT = (
    "Constat reads the log and tries again until the time that the URL allows (timeout_s) is over, and then "
    "says that it is not known"
)
GIVEN_UP = "check the brokers and try again"
"""What is to be done when all trying is over."""
_LOST = "do not write; keep the mirror as evidence, and compare the topic with a backup or another mirror"

MEANINGS: dict[type[Exception], Meaning] = {
    errors.MessageSizeTooLargeError: Meaning(Outcome.NO, "append fewer facts at once"),
    errors.RecordListTooLargeError: Meaning(Outcome.NO, "append fewer facts at once"),
    errors.InvalidRecordError: Meaning(
        Outcome.NO, "the topic refuses the record; run `constat topics check`"
    ),
    errors.InvalidTimestampError: Meaning(
        Outcome.NO, "run `constat topics check`: the topic must stamp itself"
    ),
    errors.PolicyViolationError: Meaning(Outcome.NO, "the broker's policy refuses it; ask its administrator"),
    errors.UnsupportedCompressionTypeError: Meaning(
        Outcome.NO, "the topic's compression.type must be producer"
    ),
    errors.InvalidTopicError: Meaning(Outcome.NO, "the name of the ledger is none that Kafka takes"),
    errors.TopicAuthorizationFailedError: Meaning(Outcome.NO, RIGHTS),
    errors.ClusterAuthorizationFailedError: Meaning(Outcome.NO, RIGHTS),
    errors.GroupAuthorizationFailedError: Meaning(Outcome.NO, RIGHTS),
    errors.SaslAuthenticationFailedError: Meaning(
        Outcome.NO, f"check user in the URL, and {PASSWORD} in the environment"
    ),
    errors.UnsupportedCodecError: Meaning(
        Outcome.NO, "the topic's compression.type must be producer, and only Constat may write to it"
    ),
    errors.UnsupportedSaslMechanismError: Meaning(Outcome.NO, "the broker must offer SCRAM-SHA-512"),
    errors.LogTruncationError: Meaning(Outcome.LOST, _LOST),
    errors.OffsetOutOfRangeError: Meaning(Outcome.LOST, _LOST),
    errors.NoOffsetForPartitionError: Meaning(Outcome.LOST, _LOST),
    errors.NotEnoughReplicasError: Meaning(Outcome.UNKNOWN, f"too few replicas are in step; {_WAIT}"),
    errors.NotEnoughReplicasAfterAppendError: Meaning(
        Outcome.UNKNOWN, f"written, but too few replicas have it; {_WAIT}"
    ),
    errors.KafkaTimeoutError: Meaning(Outcome.UNKNOWN, f"no answer in time; {_WAIT}"),
    errors.RequestTimedOutError: Meaning(Outcome.UNKNOWN, f"no answer in time; {_WAIT}"),
    errors.KafkaConnectionError: Meaning(Outcome.UNKNOWN, f"the connection was lost; {_WAIT}"),
    errors.OutOfOrderSequenceNumberError: Meaning(Outcome.UNKNOWN, f"an earlier record was lost; {_WAIT}"),
    errors.UnknownProducerIdError: Meaning(Outcome.UNKNOWN, f"the broker forgot this writer; {_WAIT}"),
    errors.InvalidProducerEpochError: Meaning(Outcome.UNKNOWN, f"the broker forgot this writer; {_WAIT}"),
    errors.UnknownTopicOrPartitionError: Meaning(
        Outcome.UNKNOWN, f"the topic is not (yet, or no longer) known there; {_WAIT}"
    ),
    errors.KafkaStorageError: Meaning(Outcome.UNKNOWN, f"the broker's disk fails or is full; {_WAIT}"),
    errors.CorruptRecordError: Meaning(
        Outcome.UNKNOWN, f"damaged on the way or on the broker's disk; {_WAIT}"
    ),
}
"""Errors of the client -> what they mean. What is not here is unknown, with its own text."""

OTHERWISE = Meaning(Outcome.UNKNOWN, _WAIT)


def meaning_of(error: BaseException) -> Meaning:
    """What an error says of a record that was sent."""
    return meaning_of_kind(type(error))


def meaning_of_kind(kind: type[BaseException]) -> Meaning:
    """What every error of a kind says of a record that was sent."""
    return next((MEANINGS[each] for each in kind.__mro__ if each in MEANINGS), OTHERWISE)


def advice_on(kind: type[BaseException]) -> str:
    """What a person is to do about what could not be done for an error of a kind; nobody tries any longer."""
    meaning = meaning_of_kind(kind)
    return GIVEN_UP if meaning.outcome is Outcome.UNKNOWN else meaning.advice


def refusal(error: BaseException, what: str, written: str = "nothing was written") -> ConstatError:
    """What a person is told when `what` could not be done, and what of it was written."""
    return UnusableLedgerError(f"{what}: {shown(error)}; {advice_on(type(error))}; {written}")


_KIND = re.compile(r"^(\[Error -?\d+\] |\w+Error(: |$))+")
"""What the client writes in front of an error's text: its number and class, sometimes twice."""


def shown(error: BaseException) -> str:
    """An error of the client in one line."""
    text = " ".join(str(error).split())
    return (_KIND.sub("", text) or type(error).__name__)[:300]
