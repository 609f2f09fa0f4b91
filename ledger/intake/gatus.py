"""The results that a Gatus keeps, and its API.

`/api/v1/endpoints/statuses` of version 5. A hundred results of each endpoint are kept unless its settings say
otherwise, and hourly counts for thirty days: a count has no moment, so none is taken.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

import polars as pl

from ledger.errors import BadInputError
from ledger.instants import parse_instant, to_ms
from ledger.intake.frames import RESULTS
from ledger.intake.rows import ERROR_CHARACTERS_MAX
from ledger.intake.web import Web, listed
from ledger.rounds import LATENCY_MS_MAX, OUTCOMES

PAGE = 100
PAGES_MAX = 10_000
"""What still answers after so many pages has begun anew with the first one."""
_STATUSES = "/api/v1/endpoints/statuses"
_NS_IN_MS = 1_000_000
_STATUS_MAX = 999
_TIME = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[T ](?P<time>\d\d:\d\d:\d\d)(?P<fraction>\.\d+)?\s*"
    r"(?P<offset>Z|[+-]\d\d:?\d\d)(?: [A-Z0-9+-]+)?(?: m=\S+)?"
)
"""As JSON has it, and as Go prints a time, which is what its driver writes into SQLite."""
_QUERY = re.compile(r"(https?://[^\s\"'?]+)\?[^\s\"']*")


class Kept(NamedTuple):
    """One result as Gatus keeps it."""

    endpoint: str
    """`group/name`, or the name alone."""
    observed_ms: int
    success: bool
    status: int
    duration_ns: int
    reasons: tuple[str, ...]
    """Its errors, and its conditions that did not hold."""


class Gatus(Protocol):
    """What a Gatus keeps, wherever it is read."""

    @property
    def name(self) -> str:
        """What messages call it."""

    def place(self, line: int) -> str:
        """A result, by its number."""

    def results(self) -> Iterator[Kept]:
        """Every result that is kept, in no order that matters.

        Raises:
            BadInputError: it is no Gatus.
            UnreachableSourceError: it does not answer.
        """


class GatusApi:
    """A Gatus that runs."""

    def __init__(self, web: Web) -> None:
        self._web = web

    @property
    def name(self) -> str:
        """Its address."""
        return self._web.address.shown

    def place(self, line: int) -> str:
        """A result, by its number."""
        return f"result {line}"

    def results(self) -> Iterator[Kept]:
        """Page by page; a result that comes meanwhile moves some to the next page, where they stand again."""
        before: list[Kept] = []
        for page in range(1, PAGES_MAX):
            found = list(self._page(page))
            if not found or found == before:  # something in between gives every page the first one
                return
            yield from found
            before = found

    def _page(self, page: int) -> Iterator[Kept]:
        said = self._web.json(_STATUSES, (("page", str(page)), ("pageSize", str(PAGE))))
        try:
            for endpoint in listed(said):
                for result in endpoint.get("results") or ():
                    yield _from_json(named(endpoint.get("group"), endpoint["name"]), result)
        except (AttributeError, KeyError, TypeError) as error:
            raise BadInputError(
                f"{self.name}{_STATUSES} does not answer as Gatus 5 does ({error!r}); name the address "
                "before /api"
            ) from None


def _from_json(endpoint: str, result: Mapping[str, Any]) -> Kept:
    conditions = result.get("conditionResults") or ()
    failed = (each["condition"] for each in conditions if not each["success"])
    return Kept(
        endpoint,
        instant_ms(result["timestamp"]),
        result["success"],
        result.get("status") or 0,
        result.get("duration") or 0,
        (*(result.get("errors") or ()), *failed),
    )


def named(group: str | None, name: str) -> str:
    """What an endpoint is called, `group/name` or the name alone."""
    return f"{group}/{name}" if group else name


def instant_ms(moment: object) -> int:
    """When a result was observed: a text, or the TIMESTAMP of a database, which is in UTC and without a zone.

    Raises:
        BadInputError: it is neither.
    """
    if isinstance(moment, datetime):
        return to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    matched = _TIME.fullmatch(str(moment))
    if not matched:
        raise BadInputError(f"{moment!r} is no time as Gatus writes it; its version is another one than 5")
    offset = matched["offset"]
    zone = offset if offset == "Z" or ":" in offset else f"{offset[:3]}:{offset[3:]}"
    return parse_instant(f"{matched['day']}T{matched['time']}{(matched['fraction'] or '')[:4]}{zone}")


def results(kept: Iterable[Kept], agent: str) -> pl.DataFrame:
    """What is kept, as results (`RESULTS`) that are named as Gatus names them."""
    rows = [
        (
            line,
            agent,
            each.endpoint,
            each.observed_ms,
            OUTCOMES.index("up" if each.success else "down"),
            min(each.status, _STATUS_MAX),
            min(each.duration_ns // _NS_IN_MS, LATENCY_MS_MAX),
            "" if each.success else _told(each.reasons),
        )
        for line, each in enumerate(kept, 1)
    ]
    return pl.DataFrame(rows, schema=RESULTS, orient="row")


def _told(reasons: Iterable[str]) -> str:
    """Why it was not well, without what follows the question mark of an address: it may be secret."""
    return _QUERY.sub(r"\1?…", "; ".join(reasons))[:ERROR_CHARACTERS_MAX]
