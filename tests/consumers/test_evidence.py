"""The evidence store: documents by the hash of their bytes."""

import pytest

from consumers.evidence import Evidence, EvidenceError
from ledger.fact import hash_of


@pytest.fixture
def evidence(tmp_path):
    return Evidence(tmp_path / "evidence")


def test_a_document_is_found_by_its_hash(evidence):
    sha256 = evidence.keep(b"a document")

    assert sha256 == hash_of(b"a document")
    assert evidence.read(sha256) == b"a document"
    assert evidence.path_of(sha256).name == sha256.removeprefix("sha256:")


def test_the_same_document_is_kept_once_and_never_written_again(evidence):
    path = evidence.path_of(evidence.keep(b"a document"))
    before = path.stat().st_mtime_ns, path.stat().st_ino

    evidence.keep(b"a document")

    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_document_that_was_altered_is_not_given(evidence):
    sha256 = evidence.keep(b"a document")
    evidence.path_of(sha256).write_bytes(b"another document")

    with pytest.raises(EvidenceError, match="altered; restore it"):
        evidence.read(sha256)


def test_a_document_that_is_not_here_is_named(evidence):
    with pytest.raises(EvidenceError, match="CONSTAT_EVIDENCE"):
        evidence.read(hash_of(b"nothing"))
    assert not evidence.has(hash_of(b"nothing"))
    assert not evidence.erase(hash_of(b"nothing"))


def test_an_erased_document_is_gone(evidence):
    sha256 = evidence.keep(b"a document")

    assert evidence.erase(sha256)
    assert not evidence.has(sha256)


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(EvidenceError, match="name another folder with CONSTAT_EVIDENCE"):
        Evidence(tmp_path / "file" / "evidence").keep(b"a document")
