"""The git history of an Upptime repository, whose commit subjects carry the outcomes.

`🟩 Manual is up (200 in 858 ms) [skip ci] [upptime]` is a result of platform "Manual" at the author's date of
the commit, which is when it was seen; the committer's date moves when Upptime rebases. Upptime commits what
changed and a daily summary, so a result holds until the next one: its results are `transitions`. Every other
commit (graphs, summaries, people's own) is passed over.
"""

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from ledger.errors import BadInputError
from ledger.intake.columns import Columns
from ledger.intake.sources import Record

_BATCH_COMMITS = 50_000
_SUBJECT = re.compile(
    r"\S+ (?P<platform>[^\x00-\x1f\x7f-\x9f\u2028\u2029]+) "
    r"(?:is|has) (?P<outcome>up|down|(?:experiencing )?degraded(?: performance)?) "
    r"\((?P<status>[0-9]+) in (?P<latency_ms>[0-9]+) ms\) \[skip ci\] \[upptime\]"
)
_FORMAT = "%H %at %s"
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})? [0-9]+ .*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class UpptimeBatch:
    """Some commits, each as its hash, its time and its subject."""

    first: int
    commits: tuple[str, ...]

    @property
    def end(self) -> int:
        """Commits read so far."""
        return self.first + len(self.commits) - 1

    def frame(self) -> pl.DataFrame | None:
        """Nothing: subjects are read one by one."""
        return None

    def records(self) -> Iterator[Record]:
        """The commits that hold a result."""
        for number, commit in enumerate(self.commits, self.first):
            _, authored, subject = commit.split(" ", 2)
            if cells := _cells(subject):
                yield Record(number, {**cells, "observed_at": authored}, "", commit)


def _cells(subject: str) -> Mapping[str, str] | None:
    matched = _SUBJECT.fullmatch(subject)
    if matched is None:
        return None
    cells = matched.groupdict()
    return cells | {"outcome": "degraded"} if "degraded" in cells["outcome"] else cells


@dataclass(frozen=True, slots=True)
class UpptimeSource:
    """An Upptime repository; its commits are read once, when it is opened."""

    path: Path
    columns: Columns
    commits: tuple[str, ...]

    @classmethod
    def open(cls, path: Path, columns: Columns) -> "UpptimeSource":
        """Read the history of what is checked out; the whole of it must be there.

        Raises:
            BadInputError: there is no repository, its history is cut short, or holds no result.
        """
        if _git(path, "rev-parse", "--is-shallow-repository").strip() == "true":
            raise BadInputError(
                f"{path}: the history is cut short; fetch the rest with `git fetch --unshallow` first"
            )
        source = cls(path, replace(columns, time="epoch-s"), tuple(_commits(path)))
        if not any(_cells(commit.split(" ", 2)[2]) for commit in source.commits):
            raise BadInputError(
                f"{path}: no commit says the outcome of a site, as `🟩 Manual is up (200 in 858 ms) "
                "[skip ci] [upptime]` does; name the repository in which Upptime runs"
            )
        return source

    @property
    def name(self) -> str:
        """The repository's path."""
        return str(self.path)

    @property
    def size(self) -> int:
        """In commits."""
        return len(self.commits)

    @property
    def header(self) -> tuple[str, ...]:
        """A commit is one text."""
        return ("commit",)

    @property
    def unused(self) -> tuple[str, ...]:
        """None."""
        return ()

    def batches(self) -> Iterator[UpptimeBatch]:
        """All commits, the oldest first."""
        for start in range(0, len(self.commits), _BATCH_COMMITS):
            yield UpptimeBatch(start + 1, self.commits[start : start + _BATCH_COMMITS])

    def row(self, record: Record) -> Sequence[str]:
        """The commit."""
        return (record.raw,)

    def place(self, line: int) -> str:
        """The commit's hash, cut."""
        return f"commit {self.commits[line - 1][:12]}"


def _commits(path: Path) -> Iterator[str]:
    # A subject may hold anything but NUL, characters that others take for the end of a line included.
    log = _git(path, "-c", "log.showSignature=false", "log", "-z", "--reverse", f"--format={_FORMAT}")
    for commit in log.split("\0"):
        if _COMMIT.fullmatch(commit):
            yield commit
        elif commit:
            raise BadInputError(f"{path}: git says {commit[:60]!r}, which is no commit; look at its log")


def _git(path: Path, *arguments: str) -> str:
    command = ["git", "-C", str(path), "-c", "i18n.logOutputEncoding=UTF-8", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - no shell, fixed words
    except FileNotFoundError:
        raise BadInputError("git is not installed; install it to read a repository") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["it says nothing"]
        raise BadInputError(f"{path}: git cannot read it ({said[-1]}); name an Upptime repository")
    return done.stdout.decode(errors="replace")
