"""Every folder beside this file is an argument about figures; its WHY.md settles it with a pencil."""

import re

import pytest

from tests.disputes.loading import FOLDER, Dispute, folders, load
from tests.oracle.retelling import retell

_BOLD = re.compile(r"\*\*([^*]+)\*\*")
_INDEXED = re.compile(r"^\| \[([^]]+)\]\(\1/WHY\.md\) \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)


@pytest.fixture(scope="module", params=folders(), ids=lambda folder: folder.name)
def dispute(request) -> Dispute:
    return load(request.param)


def test_the_oracle_gives_the_expected_figures(dispute):
    for question, answer in zip(dispute.questions, dispute.answers, strict=True):
        assert question.of_oracle(dispute.facts) == answer, question.note


def test_the_product_gives_the_expected_figures(dispute):
    story = retell(dispute.facts)
    for question, answer in zip(dispute.questions, dispute.answers, strict=True):
        assert question.of_product(story, dispute.contract) == answer, question.note


def test_what_is_reckoned_by_hand_is_what_is_expected(dispute):
    reckoned = _reckoned(dispute.why)
    expected = set(_figures(dispute.answers))
    assert reckoned, "WHY.md reckons at least one figure, in bold"
    assert [figure for figure in reckoned if figure not in expected] == []


def test_the_classes_of_every_answer_sum_to_its_period(dispute):
    for answer in dispute.answers:
        lengths = {sum(platform["classes_ms"].values()) for platform in answer["platforms"].values()}
        assert len(lengths) == 1


def test_the_readme_names_every_folder_once():
    indexed = [folder for folder, _ in _index()]

    assert sorted(indexed) == [folder.name for folder in folders()]


def test_the_figure_that_decides_is_reckoned_in_its_folder(dispute):
    decides = _reckoned(dict(_index())[dispute.name])

    assert decides
    assert set(decides) <= set(_reckoned(dispute.why))


def _index() -> list[tuple[str, str]]:
    """Every folder that the README names, with the cell of the figure that decides."""
    return _INDEXED.findall((FOLDER / "README.md").read_text())


def _reckoned(text: str) -> list[str]:
    """The bold figures of a text, as they stand in expected.json."""
    return [figure.replace(",", "").strip() for figure in _BOLD.findall(text)]


def _figures(value: object):
    """Every figure of an answer as text; ratios as they stand."""
    match value:
        case dict():
            yield from ["met" if value["target_met"] else "missed"] if "target_met" in value else []
            for each in value.values():
                yield from _figures(each)
        case list():
            for each in value:
                yield from _figures(each)
        case _:
            yield str(value)
