"""What the tests of kept and told folds share."""

import pytest

from consumers.cache import folding
from projections import stream
from tests.consumers.cache.moments import AGENTS
from tests.projections.results import PLATFORMS
from tests.spec import Story


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch):
    monkeypatch.setattr(folding, "SPACING", 3)
    monkeypatch.setattr(folding, "WORTH_KEEPING", 1)


@pytest.fixture
def month():
    """Some twenty rounds of two agents, with changes and silence."""
    story = Story()
    for agent in AGENTS:
        story.plan(agent, list(PLATFORMS))
        for minute in range(20):
            seen = {"a": "down" if minute % 4 == 1 else "up", "b": None if minute % 5 == 2 else "up"}
            story.at(story.now_ms + 1000).round(agent, 60_000 * minute, seen)
    return story


@pytest.fixture
def decoded(monkeypatch):
    """The numbers of the rounds that were read."""
    numbers, decode = [], stream.decode

    def counting(value, **more):
        found = decode(value, **more)
        numbers.append((found[0].agent, found[0].number))
        return found

    monkeypatch.setattr(stream, "decode", counting)
    return numbers
