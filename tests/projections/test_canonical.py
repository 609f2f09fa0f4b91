"""The canonical form of figures is that of RFC 8785, byte for byte."""

import string

import orjson
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from projections.canonical import canonical

LARGEST = 2**53 - 1
keys = st.text(st.sampled_from(string.printable), max_size=8)
texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=6),
)


@given(st.dictionaries(keys, values, max_size=6))
def test_figures_have_the_form_that_another_program_gives_them(figures):
    assert canonical(figures) == rfc8785.dumps(figures)


@given(st.text(max_size=4), texts)
def test_every_sign_of_a_text_is_written_as_another_program_writes_it(before, after):
    text = before.encode("utf-8", "replace").decode() + "".join(map(chr, range(0x80))) + after

    assert canonical({"text": text}) == rfc8785.dumps({"text": text})


def test_a_number_that_not_every_reader_holds_is_refused():
    with pytest.raises(orjson.JSONEncodeError):
        canonical({"number": LARGEST + 1})
