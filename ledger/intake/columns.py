"""The columns of a file: their names, and how a file's own names and times are to be read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ledger.errors import BadInputError

COLUMNS = ("platform", "observed_at", "outcome", "agent", "status", "latency_ms", "error")
REQUIRED = COLUMNS[:3]

TimeForm = Literal["iso", "epoch-s", "epoch-ms"]
TIME_FORMS: tuple[TimeForm, ...] = ("iso", "epoch-s", "epoch-ms")


@dataclass(frozen=True, slots=True)
class Columns:
    """How a file's columns are read: the form of its times, its own column names, the agent it leaves out."""

    time: TimeForm = "iso"
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Our column -> the file's column."""
    agent: str = ""
    """The agent of every result that names none; if it is empty, every result must name one. There is no
    default: the same results under two names of agents would be two witnesses."""
    known: tuple[str, ...] = COLUMNS
    required: tuple[str, ...] = REQUIRED

    def __post_init__(self) -> None:
        unknown = sorted(set(self.renamed) - set(self.known))
        if unknown:
            raise BadInputError(f"there is no column {unknown[0]!r} to map; ours are {', '.join(self.known)}")

    def theirs(self, column: str) -> str:
        """What a file calls one of our columns."""
        return self.renamed.get(column, column)

    def found_in(self, header: Sequence[str]) -> dict[str, int]:
        """Which of our columns a header has, and where.

        Raises:
            BadInputError: a column comes twice, or one that is needed or mapped is missing, or nothing says
                who probed.
        """
        twice = sorted({name for name in header if header.count(name) > 1})
        if twice:
            raise BadInputError(f"the column {twice[0]!r} comes twice; rename one of them")
        for column in self.known:
            theirs = self.theirs(column)
            if theirs not in header and (column in self.required or column in self.renamed):
                raise BadInputError(
                    f"there is no column {theirs!r} among {', '.join(header) or 'none'}; name the file's own "
                    f"column with --map {column}=NAME"
                )
        if "agent" in self.known and not self.agent and self.theirs("agent") not in header:
            raise BadInputError(
                "no column says who probed; name the agent with --agent NAME, the same one every time, or "
                "the file's column with --map agent=NAME"
            )
        return {
            column: header.index(self.theirs(column))
            for column in self.known
            if self.theirs(column) in header
        }
