"""Contract files: TOML to a signature with its platforms, or to the terms of an amendment."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from ledger.contracts import Contract, ContractSigned, PlatformAdded
from ledger.errors import BadInputError, RefusedError, in_our_words
from ledger.fact import Name, Text, Value
from ledger.intake.names import advice
from ledger.public_holidays import public_holidays
from ledger.terms import HOLIDAY_CALENDAR, Offer, Terms, Zone

Language = Literal["fr", "en"]
_NAMED = ("contract", "platform")
"""The keys that hold a name."""


class PlatformEntry(Value):
    """One `[[platforms]]` of a contract file; without `from_day` it belongs from the contract's first day."""

    platform: Name
    offer: Offer = "enterprise"
    from_day: date | None = None


class ContractFile(Value):
    """A contract as its file states it."""

    contract: Name
    client: Text
    language: Language = "fr"
    zone: Zone = "Europe/Paris"
    first_day: date
    last_day: date | None = None
    platforms: tuple[PlatformEntry, ...] = ()
    terms: Terms = Field(default_factory=Terms)

    @property
    def signed(self) -> ContractSigned:
        """The signature that the file asks for."""
        return ContractSigned(
            contract=self.contract,
            client=self.client,
            language=self.language,
            zone=self.zone,
            first_day=self.first_day,
            last_day=self.last_day,
            terms=self.terms,
        )

    @property
    def added(self) -> list[PlatformAdded]:
        """The platforms that belong to it."""
        return [
            PlatformAdded(
                contract=self.contract,
                platform=entry.platform,
                from_day=entry.from_day or self.first_day,
                offer=entry.offer,
            )
            for entry in self.platforms
        ]


@dataclass(frozen=True, slots=True)
class _Fault:
    """What is wrong with one key of a file."""

    key: str
    message: str

    def __str__(self) -> str:
        return f"  {self.key}: {self.message}"


def read_contract(path: Path) -> ContractFile:
    """Read a contract file.

    Raises:
        BadInputError: it cannot be read, is no TOML, or a key is missing, unknown or wrong; all are named.
    """
    try:
        stated = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInputError(f"{path}: cannot be read ({error.strerror}); check its name") from None
    except UnicodeDecodeError:
        raise BadInputError(f"{path}: is no UTF-8 text; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise BadInputError(
            f"{path}: is no TOML ({error}); compare it with `constat contract template`"
        ) from None
    return understood(stated, str(path))


def understood(stated: Mapping[str, Any], name: str) -> ContractFile:
    """The contract that a file states.

    Raises:
        BadInputError: as above.
    """
    try:
        found = ContractFile.model_validate(stated)
    except ValidationError as error:
        faults = [*(_fault(each) for each in error.errors()), *_faulty_calendar(stated)]
        raise BadInputError("\n".join([f"{name}: nothing was signed", *map(str, faults)])) from None
    if faults := [*_faulty_calendar(stated), *_faulty_days(found), *_faulty_platforms(found)]:
        raise BadInputError("\n".join([f"{name}: nothing was signed", *map(str, faults)]))
    return found


def _faulty_calendar(stated: Mapping[str, Any]) -> Iterator[_Fault]:
    """A calendar that nobody has, whatever else is wrong; what cannot be one is a fault of the model."""
    terms = stated.get("terms")
    calendar = terms.get("holiday_calendar") if isinstance(terms, dict) else None
    if not isinstance(calendar, str) or not re.fullmatch(HOLIDAY_CALENDAR, calendar):
        return
    try:
        public_holidays(calendar, ())
    except BadInputError as error:
        yield _Fault("terms.holiday_calendar", str(error))


def _faulty_days(found: ContractFile) -> Iterator[_Fault]:
    if found.last_day and found.last_day < found.first_day:
        yield _Fault("last_day", f"last_day comes before first_day {found.first_day}; correct one of them")


def _faulty_platforms(found: ContractFile) -> Iterator[_Fault]:
    seen: set[str] = set()
    for place, entry in enumerate(found.platforms):
        if entry.platform in seen:
            yield _Fault(f"platforms.{place}", f"{entry.platform} is named twice; leave one of the two out")
        seen.add(entry.platform)
        if entry.from_day and entry.from_day < found.first_day:
            yield _Fault(
                f"platforms.{place}.from_day",
                f"{entry.platform} cannot belong before the contract's first day, {found.first_day}; leave "
                "it out, or write a later day",
            )


def _fault(error: Any) -> _Fault:  # noqa: ANN401 - pydantic's own shape
    key = ".".join(str(part) for part in error["loc"]) or "the file"
    if error["type"] == "missing":
        return _Fault(key, "is missing; write it")
    if error["type"] == "extra_forbidden":
        return _Fault(key, "is no key of a contract; see docs/reference/contract-file.md")
    if error["type"] == "string_pattern_mismatch" and error["loc"][-1] in _NAMED:
        return _Fault(key, advice(error["input"]))
    return _Fault(key, f"{in_our_words(error['msg'])}; it says {error['input']!r}")


# ---------------------------------------------------------------- what an amendment cannot change


def require_only_terms(stated: ContractFile, contract: Contract) -> None:
    """Refuse a file for an amendment that says something else than its contract outside the terms.

    A file without platforms says nothing of them, and a platform that left may stand in it or not.

    Raises:
        RefusedError: names what differs, and the command that changes it.
    """
    differences = [*_of_signature(stated, contract), *_of_platforms(stated, contract)]
    if differences:
        head = "an amendment changes the terms and nothing else; nothing was recorded"
        raise RefusedError("\n".join([head, *(f"  {each}" for each in differences)]))


def _of_signature(stated: ContractFile, contract: Contract) -> Iterator[str]:
    signed = contract.signed
    if signed is None:
        return
    for key in ("client", "language", "zone", "first_day"):
        now, then = getattr(stated, key), getattr(signed, key)
        if now != then:
            yield (
                f"{key} is {now} in the file and {then} in the contract; write it so, or end the contract "
                "with `constat contract end` and sign another one"
            )
    if stated.last_day not in (signed.last_day, contract.last_day):
        then = contract.last_day or "open"
        yield f"last_day is {stated.last_day} in the file and {then} in the contract: `constat contract end`"


def _of_platforms(stated: ContractFile, contract: Contract) -> Iterator[str]:
    if not stated.platforms:
        return
    here = {(fact.platform, fact.offer, fact.from_day) for fact in stated.added}
    there = {(each.platform, each.offer, each.from_day): each for each in contract.platforms}
    for platform, offer, from_day in sorted(here - set(there)):
        yield (
            f"{platform} ({offer}) from {from_day} is not in the contract: `constat contract add-platform`, "
            "after `constat contract remove-platform` if it is there otherwise"
        )
    for key, membership in there.items():
        if key not in here and membership.last_day is None:
            yield (
                f"{membership.platform} ({membership.offer}) from {membership.from_day} is in the contract, "
                "not in the file; write it there, or `constat contract remove-platform`"
            )
