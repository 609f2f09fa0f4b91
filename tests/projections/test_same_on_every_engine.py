"""The same facts give the same digests on SQLite, on Kafka after a copy, and after copying back."""

import json
from random import Random
from typing import NamedTuple

import pytest

from ledger.application import Ledger, open_engine
from ledger.instants import parse_instant
from ledger.interval import Interval
from ledger.log import codec
from projections.asof import Known
from projections.moment import AsOf, at_time
from projections.statement import statement
from tests.disputes.loading import folders, load, whole_answer_of_product
from tests.ledger.copying import copied
from tests.oracle.months import random_month
from tests.oracle.together import Clock, tell_together

MONTHS = 50
AFTER = "2026-12-01T00:00:00Z"


class Asked(NamedTuple):
    """A statement of a world."""

    world: int
    contract: str
    period: str | Interval
    as_of_ms: int
    readings: dict
    answer: dict | None = None


def questions():
    """Every world and everything that is asked of it: the disputes as they are, each month as a whole."""
    disputes = [load(folder) for folder in folders()]
    worlds = [dispute.facts for dispute in disputes]
    worlds += [random_month(Random(seed)) for seed in range(MONTHS)]
    asked = [
        Asked(
            world,
            f"w{world}-{dispute.contract}",
            str(each.period) if isinstance(each.period, int) else Interval(*each.bounds),
            parse_instant(each.as_of),
            each.readings,
            answer,
        )
        for world, dispute in enumerate(disputes)
        for each, answer in zip(dispute.questions, dispute.answers, strict=True)
    ]
    months = range(len(disputes), len(worlds))
    asked += [Asked(world, f"w{world}-contract", "1", parse_instant(AFTER), {}) for world in months]
    return worlds, asked


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """One ledger that holds all worlds, and what is asked, each with the moment of knowledge as a position."""
    url, clock = f"sqlite:///{tmp_path_factory.mktemp('same')}/all.db", Clock()
    worlds, asked = questions()
    with Ledger.open(url, clock=clock) as ledger:
        tell_together(ledger, clock, worlds)
        moments = {each.as_of_ms: at_time(ledger.engine, each.as_of_ms) for each in asked}
    return url, [(each, moments[each.as_of_ms]) for each in asked]


def statements(url, asked):
    """Every statement, in the order in which they are asked for."""
    engine = open_engine(url, create=False)
    try:
        facts = [codec.recorded(kept) for kept in engine.facts()]
        moments: dict[AsOf, Known] = {}
        for each, as_of in asked:
            known = moments.setdefault(as_of, Known(as_of, facts[: as_of.position], engine))
            yield statement(known, each.contract, each.period, each.readings)
    finally:
        engine.close()


def digests(url, asked):
    return [figures.digest for figures in statements(url, asked)]


def test_the_worlds_do_not_disturb_each_other(told):
    """Told together and under other names, every dispute has the figures that were reckoned for it alone."""
    url, asked = told
    disputed = [(each, as_of) for each, as_of in asked if each.answer]

    for (each, _), figures in zip(disputed, statements(url, disputed), strict=True):
        answer = json.dumps(whole_answer_of_product(figures))
        assert json.loads(answer.replace(f"w{each.world}-", "")) == each.answer


@pytest.mark.timeout(600)
def test_all_disputes_and_fifty_random_months_have_the_same_digests_on_every_engine(
    told, kafka_url, tmp_path
):
    url, asked = told
    back = f"sqlite:///{tmp_path}/back.db"
    copied(url, kafka_url)
    copied(kafka_url, back)

    expected = digests(url, asked)

    assert len(set(expected)) > MONTHS
    assert digests(kafka_url, asked) == expected
    assert digests(back, asked) == expected
