"""The tables that a Gatus keeps its results in, the same in SQLite and in PostgreSQL.

Tables `endpoints`, `endpoint_results` and `endpoint_result_conditions`, as `storage/store/sql` of version 5
makes them. In SQLite a time is a text and a success a number; in PostgreSQL they are TIMESTAMP, in UTC and
without a zone, and BOOLEAN.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar, Protocol

from ledger.intake.foreign_sqlite import ForeignFile
from ledger.intake.gatus import Kept, instant_ms, named

_BETWEEN_ERRORS = "|~|"
_RESULTS = """
SELECT endpoint_result_id, endpoint_group, endpoint_name, success, errors, status, duration, timestamp
FROM endpoint_results JOIN endpoints USING (endpoint_id) ORDER BY endpoint_result_id
"""
_CONDITIONS = """
SELECT endpoint_result_id, condition FROM endpoint_result_conditions
WHERE NOT success ORDER BY endpoint_result_condition_id
"""
"""In the order in which they were written: they are the error of a result, which must not change."""


class Asked(Protocol):
    """What answers queries, all of one moment."""

    def execute(self, query: str, /) -> Iterable[tuple[Any, ...]]:
        """The rows of a query."""


class GatusTables(ABC):
    """The tables of a Gatus, whichever store they are in."""

    PROGRAM: ClassVar[str] = "Gatus 5"
    RECORD: ClassVar[str] = "result"
    TABLES: ClassVar[tuple[str, ...]] = ("endpoints", "endpoint_results", "endpoint_result_conditions")

    @abstractmethod
    def opened(self) -> AbstractContextManager[Asked]:
        """The store, asked as long as the block lasts."""

    def results(self) -> Iterator[Kept]:
        """Those of endpoints; what a suite did is not told apart from them."""
        with self.opened() as store:
            failed = _failed_conditions(store.execute(_CONDITIONS))
            for number, group, name, success, errors, status, duration, timestamp in store.execute(_RESULTS):
                reasons = (*filter(None, (errors or "").split(_BETWEEN_ERRORS)), *failed.get(number, ()))
                yield Kept(
                    named(group, name),
                    instant_ms(timestamp),
                    bool(success),
                    status or 0,
                    duration or 0,
                    reasons,
                )


class GatusFile(ForeignFile, GatusTables):
    """The SQLite file of a Gatus, which may be in use; nothing is written."""

    CALLED = "SQLite file"
    IF_MISSING = "name the SQLite file of a Gatus, or its address with http://, https:// or postgresql://"


def _failed_conditions(rows: Iterable[tuple[Any, ...]]) -> Mapping[int, list[str]]:
    found: dict[int, list[str]] = {}
    for number, condition in rows:
        found.setdefault(number, []).append(condition)
    return found
