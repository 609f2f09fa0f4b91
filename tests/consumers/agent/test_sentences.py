"""The closed list of sentences, and the pages that tell of it."""

import re
from pathlib import Path
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from consumers.agent import sentences, targets
from consumers.agent.file import AgentFile
from consumers.agent.sentences import SENTENCES, Kind, harmless, is_of_the_list, with_original

DOCS = Path(__file__).parents[3] / "docs"


def test_every_kind_has_one_sentence_and_no_two_share_it():
    assert set(SENTENCES) == set(get_args(Kind))
    assert len(set(SENTENCES.values())) == len(SENTENCES)


def test_every_sentence_stands_on_the_page_of_errors():
    page = (DOCS / "reference" / "probe-errors.md").read_text()

    assert [text for text in SENTENCES.values() if f"`{text.replace('{}', '…')}`" not in page] == []


def test_every_key_of_an_agents_file_stands_in_the_how_to():
    page = (DOCS / "howto" / "agent.md").read_text()
    models = (AgentFile, targets.HttpTarget, targets.TcpTarget, targets.TlsTarget, targets.DnsTarget)
    keys = {key for model in models for key in model.model_fields} - {"target"}

    assert [key for key in sorted(keys) if not re.search(rf"`{key}`", page)] == []


@given(st.text(max_size=300))
def test_what_a_library_says_stays_short_in_one_line_and_within_its_brackets(original):
    said = harmless(original)

    assert len(said) <= sentences.ORIGINAL_LENGTH_MAX
    assert said == said.strip()
    assert said.isprintable()
    assert is_of_the_list(with_original("connection refused", said))


@given(st.text(min_size=1, max_size=40))
def test_what_is_no_sentence_is_not_of_the_list(text):
    assert not is_of_the_list(f"{text} and more")
