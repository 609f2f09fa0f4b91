"""Contract files: TOML to a signature with its platforms or to other terms, and the template of one."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from ledger.contracts import ContractSigned, PlatformAdded
from ledger.errors import BadInputError
from ledger.fact import Name, Text, Value
from ledger.terms import Offer, Terms, Zone

Language = Literal["fr", "en"]


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
        faults = [_fault(each) for each in error.errors()]
        raise BadInputError("\n".join([f"{name}: nothing was signed", *map(str, faults)])) from None
    if found.last_day and found.last_day < found.first_day:
        raise BadInputError(f"{name}: last_day comes before first_day; correct one of them")
    return found


def _fault(error: Any) -> _Fault:  # noqa: ANN401 - pydantic's own shape
    key = ".".join(str(part) for part in error["loc"]) or "the file"
    if error["type"] == "missing":
        return _Fault(key, "is missing; write it")
    if error["type"] == "extra_forbidden":
        return _Fault(key, "is no key of a contract; see docs/reference/contract-file.md")
    return _Fault(key, f"{error['msg'].removeprefix('Value error, ')}; it says {error['input']!r}")
