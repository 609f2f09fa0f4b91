"""The history of an Upptime repository: each change of a site is a commit, whose subject carries the outcome.

    🟩 Manual (dev) is up (200 in 854 ms) [skip ci] [upptime]
    🟥 Manual is down (0 in 0 ms) [skip ci] [upptime]
    🟨 Playground has degraded performance (200 in 9183 ms) [skip ci] [upptime]

A site's outcome holds until its next commit, so the agent logs only changes. The instant is the commit's own
(the committer's clock). Commits with any other subject are no results.
"""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import polars as pl

from ledger.errors import BadInputError
from ledger.intake.columns import COLUMNS, Columns
from ledger.intake.sources import Record

DEFAULT_AGENT = "upptime"
_SUBJECT = re.compile(
    r"^\W*(?P<site>.+?) (?P<says>is up|is down|has degraded performance|is degraded)"
    r" \((?P<status>\d+) in (?P<latency_ms>\d+) ?ms\)"
)
_OUTCOMES = {"is up": "up", "is down": "down", "has degraded performance": "degraded", "is degraded": "degraded"}


@dataclass(frozen=True, slots=True)
class UpptimeBatch:
    """The whole history: commits in order of the log, numbered from 1."""

    commits: tuple[str, ...]

    @property
    def end(self) -> int:
        """All of them."""
        return len(self.commits)

    def frame(self) -> pl.DataFrame | None:
        """Every commit that is a result."""
        rows = [
            (line, *(cells[name] for name in COLUMNS))
            for line, cells, _, _ in self.records()
            if cells is not None
        ]
        schema: dict[str, pl.DataType] = {"line": pl.UInt32(), **dict.fromkeys(COLUMNS, pl.String())}
        return pl.DataFrame(rows, schema=schema, orient="row")

    def records(self) -> Iterator[Record]:
        """The commits that are results."""
        for line, commit in enumerate(self.commits, 1):
            committed_at, _, subject = commit.partition("\t")
            if said := _SUBJECT.match(subject):
                cells = dict.fromkeys(COLUMNS, "") | {
                    "platform": said["site"],
                    "observed_at": committed_at,
                    "outcome": _OUTCOMES[said["says"]],
                    "status": said["status"],
                    "latency_ms": said["latency_ms"],
                }
                yield Record(line, cells, "", commit)


@dataclass(frozen=True, slots=True)
class UpptimeSource:
    """A clone of an Upptime repository."""

    path: Path
    columns: Columns
    commits: tuple[str, ...]

    @classmethod
    def open(cls, path: Path, agent: str | None = None) -> Self:
        """Read the history of a clone.

        Raises:
            BadInputError: it is no git repository, git is missing, or no commit of it is a result.
        """
        commits = tuple(_log(path).splitlines())
        if not any(_SUBJECT.match(commit.partition("\t")[2]) for commit in commits):
            raise BadInputError(
                f"{path}: none of its {len(commits)} commits is a result of Upptime; clone the status repository "
                "with its history (not with --depth)"
            )
        return cls(path, Columns(agent=agent or DEFAULT_AGENT), commits)

    @property
    def name(self) -> str:
        """The folder's name."""
        return str(self.path)

    @property
    def size(self) -> int:
        """In commits."""
        return len(self.commits)

    @property
    def unused(self) -> tuple[str, ...]:
        """None."""
        return ()

    def batches(self) -> Iterator[UpptimeBatch]:
        """The whole history at once: a year has some ten thousand commits."""
        yield UpptimeBatch(self.commits)

    def place(self, line: int) -> str:
        """The commit's place in the history, oldest first."""
        return f"commit {line}"


def _log(path: Path) -> str:
    command = ("git", "-C", str(path), "log", "--reverse", "--format=%cI%x09%s")
    try:
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - git, on a folder
    except FileNotFoundError:
        raise BadInputError("git is not installed; install it to read an Upptime repository") from None
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().splitlines()
        raise BadInputError(f"{path}: is no git repository with a history ({reason[-1] if reason else 'git failed'})")
    return done.stdout.decode(errors="replace")
