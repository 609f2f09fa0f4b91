"""What a client reads is pinned to the byte: a change of it is seen in a diff and meant.

Written anew with `make pages`; then read the diff.
"""

import pytest

from tests.consumers.pages.layouts import GOLDEN, files

WRITTEN = dict(files())


@pytest.mark.parametrize("file", WRITTEN, ids=lambda file: str(file.relative_to(GOLDEN)))
def test_what_a_client_reads_is_what_was_reviewed(file):
    assert file.read_bytes() == WRITTEN[file].encode(), "read what changed after `make pages`"


def test_nothing_is_pinned_that_is_not_written():
    assert {each for each in GOLDEN.rglob("*") if each.is_file()} == set(WRITTEN)


@pytest.mark.parametrize("file", WRITTEN, ids=lambda file: str(file.relative_to(GOLDEN)))
def test_no_line_of_a_text_is_wider_than_a_page(file):
    if file.suffix == ".txt":
        assert max(map(len, WRITTEN[file].splitlines())) <= 100
