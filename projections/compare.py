"""What is at stake: the days due under other readings, one change at a time or in every combination."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from math import prod

from ledger.contracts import Contract
from ledger.errors import BadInputError
from ledger.instants import from_ms
from ledger.readings import QUESTIONS, Question
from projections.asof import Known
from projections.judgement import Judgement, judge
from projections.periods import Period, period_between, period_named, with_readings

COMBINATIONS_MAX = 5000
"""More than these nobody reads, and each is a judgement of its own."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """The days of a period under some readings; `changed` names those that differ from the terms in force."""

    changed: Mapping[str, str]
    days_accrued: int
    days_granted: int
    percent_worst: str | None
    """The lowest availability of the contract's platforms; None without a base."""


def one_at_a_time(known: Known, contract: Contract, asked: Period) -> Iterator[Alternative]:
    """The readings in force first, then every other value of every reading alone."""
    yield _alternative(known, contract, asked, {})
    in_force = asked.terms.readings.model_dump(by_alias=True)
    for question in QUESTIONS:
        for choice in question.choices:
            if choice.value != in_force[question.name]:
                yield _alternative(known, contract, asked, {question.name: choice.value})


def in_every_combination(
    known: Known, contract: Contract, asked: Period, disputed: Sequence[str]
) -> Iterator[Alternative]:
    """Every combination of the values of the readings that are named as disputed.

    Raises:
        BadInputError: one of them is no reading, or there are too many combinations.
    """
    questions = [question_named(name) for name in dict.fromkeys(disputed)]
    if prod(len(question.choices) for question in questions) > COMBINATIONS_MAX:
        raise BadInputError(f"more than {COMBINATIONS_MAX} combinations; name fewer disputed readings")
    in_force = asked.terms.readings.model_dump(by_alias=True)
    for values in product(*(_values(question, in_force[question.name]) for question in questions)):
        chosen = dict(zip((question.name for question in questions), values, strict=True))
        changed = {name: value for name, value in chosen.items() if value != in_force[name]}
        yield _alternative(known, contract, asked, changed)


def question_named(name: str) -> Question:
    """The ambiguous clause of that name.

    Raises:
        BadInputError: there is none; the message lists them all.
    """
    for question in QUESTIONS:
        if question.name == name:
            return question
    raise BadInputError(f"no reading {name!r}; readings are: {', '.join(each.name for each in QUESTIONS)}")


def _values(question: Question, in_force: str) -> list[str]:
    others = [choice.value for choice in question.choices if choice.value != in_force]
    return [in_force, *others]


def _alternative(known: Known, contract: Contract, asked: Period, changed: Mapping[str, str]) -> Alternative:
    other = with_readings(contract, changed) if changed else contract
    judged = judge(known, other, _same_period(known, other, asked))
    return Alternative(
        changed=changed,
        days_accrued=judged.penalties.days_accrued,
        days_granted=judged.penalties.days_granted,
        percent_worst=_worst(judged),
    )


def _same_period(known: Known, contract: Contract, asked: Period) -> Period:
    # Under another reading of `period` the period is the one that holds the same first day.
    known_ms = known.as_of.moment_ms
    if asked.number is None:
        return period_between(contract, asked.interval, known_ms)
    first_day = from_ms(asked.interval.start_ms).astimezone(asked.zone).date()
    return period_named(contract, first_day.isoformat(), known_ms)


def _worst(judged: Judgement) -> str | None:
    percents = [each.percent for each in judged.availability.platforms if each.percent is not None]
    return min(percents, key=Decimal, default=None)
