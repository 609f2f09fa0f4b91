"""Facts that are read from their bytes when somebody looks at them."""

import pytest

from ledger.errors import DamagedLedgerError
from ledger.log import codec
from ledger.log.interface import KeptFact
from projections import kept_facts
from projections.asof import Known
from projections.kept_facts import KeptFacts
from projections.moment import AsOf
from tests.spec import Story

NOBODYS = KeptFact(1, "weather:paris", 1_000, b'{"type": "constat.weather.rained.v9"}')


@pytest.fixture
def story():
    return Story().contract("acme", "2026-10-01").observed("paris", "acme-prod", "2026-10-01T00:00+02:00 up")


@pytest.fixture
def read(monkeypatch):
    """The streams of the facts that were read."""
    streams = []

    def recorded(kept):
        streams.append(kept.stream)
        return codec.recorded(kept)

    monkeypatch.setattr(kept_facts, "codec", type("Codec", (), {"recorded": staticmethod(recorded)}))
    return streams


def test_a_question_about_contracts_reads_the_facts_of_contracts_once(story, read):
    known = story.known()
    assert read == []

    known.contract("acme")
    known.contract("acme")

    assert set(read) == {"contract:acme"}
    assert len(read) == len(list(known.facts_about("contract")))


def test_facts_are_those_of_the_log_whichever_way_they_are_looked_at(story):
    log = [codec.recorded(kept) for kept in story.engine.facts()]

    facts = KeptFacts(story.engine.facts())

    assert list(facts.about("plan")) == [each for each in log if each.stream == "plan:paris"]
    assert (facts[-1], facts[1:], len(facts), list(facts)) == (log[-1], log[1:], len(log), log)
    assert facts == KeptFacts(story.engine.facts())
    assert facts != KeptFacts(story.engine.facts(after=1))


def test_facts_that_are_supposed_are_known_like_those_of_the_log(story):
    known = story.known()

    supposed = Known(known.as_of, list(known.facts), known.engine)

    assert supposed.contracts == known.contracts
    assert list(supposed.facts_about("plan")) == list(known.facts_about("plan"))


def test_a_fact_about_what_this_version_does_not_know_stops_every_question():
    class Newer:
        def facts(self, *, until):
            return [NOBODYS][:until]

    with pytest.raises(DamagedLedgerError, match="if a newer Constat wrote it, use that version"):
        Known.at(Newer(), AsOf(1, 1_000, 1_000))
