"""The alerts that the documentation gives name only metrics, labels and kinds that there are."""

import re
from pathlib import Path

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from consumers.metrics.collector import ProcessMetrics
from consumers.metrics.serving import registry_of
from consumers.metrics.snapshot import look
from projections.attention import KINDS
from tests.consumers.test_metrics import known, samples, story

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "metrics.md"


def documented():
    """The names of metrics in the rules of the page, and those in its table."""
    page = PAGE.read_text()
    (rules,) = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return set(re.findall(r"constat_\w+", rules)), set(re.findall(r"^\| `(constat_\w+)", page, re.MULTILINE))


def told_of_everything():
    """The exposition of a process that knows all that can be known."""
    snapshot = look(known(story()), 0, {})
    registry = registry_of(lambda: snapshot)
    ProcessMetrics(registry).expect("relay")
    return generate_latest(registry).decode()


def test_every_metric_that_the_rules_name_is_exposed_and_every_one_that_is_exposed_is_described():
    exposed = {name for name, *_ in samples(told_of_everything()) if not name.endswith("_created")}
    named, tabled = documented()

    assert len(named) > 8
    assert named - exposed == set()
    assert tabled == {re.sub(r"_(bucket|count|sum)$", "", name) for name in exposed}
    kinds = re.findall(r'kind="([^"]+)"', PAGE.read_text())
    assert set(kinds) <= set(KINDS)


def test_the_rules_select_by_labels_and_kinds_that_there_are():
    labels = {}
    for family in text_string_to_metric_families(told_of_everything()):
        for sample in family.samples:
            labels.setdefault(sample.name, set()).update(sample.labels)
    selected = re.findall(r"(constat_\w+)\{([^}]+)\}", PAGE.read_text())

    assert len(selected) > 3
    for name, selector in selected:
        assert set(re.findall(r"(\w+)=~?\"", selector)) <= labels[name], (name, selector)
