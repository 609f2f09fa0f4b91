"""The file of an agent: what it probes, from where, how often, and where its rounds go. TOML."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from consumers.agent.mistakes import mistakes
from consumers.agent.targets import (
    HttpTarget,
    Proxy,
    Target,
    headers_of,
    kinds_told,
    proxy_of,
    reference,
    require_proxy,
)
from ledger.errors import BadInputError
from ledger.fact import Name, Text, Value

TARGETS_MAX = 5_000
"""What one process on one core probes each minute, and what fits into one record with every error."""
REFERENCE_MS_MAX = 3_000
"""So long a reference may take to answer."""
SETTLING_MS = 500
"""Behind all tries a target has so long to be decided before its round closes."""


class AgentFile(Value):
    """An agent as its file states it."""

    agent: Name
    place: Text
    ledger: str | None = None
    outbox: Path | None = None
    outbox_bytes_max: Annotated[int, Field(strict=True, ge=65_536)] | None = None
    period_seconds: Annotated[int, Field(strict=True, ge=1, le=3600)] = 60
    references: Annotated[tuple[str, ...], Field(min_length=1)]
    """Addresses that answer whenever the agent's own network works; only then does it say `down`."""
    ca_file: Path | None = None
    proxy: str | None = None
    """By it targets of HTTP are asked; those of the environment are never used."""
    proxy_login: str | None = None
    """`user:${NAME}`; what stands in `${}` the environment says."""
    timeout_ms: Annotated[int, Field(strict=True, ge=50)] = 10_000
    degraded_after_ms: Annotated[int, Field(strict=True, ge=1)] | None = None
    target: Annotated[tuple[Target, ...], Field(min_length=1, max_length=TARGETS_MAX)]

    @property
    def period_ms(self) -> int:
        """How long a round lasts."""
        return 1000 * self.period_seconds

    @property
    def outbox_path(self) -> Path:
        """The file in which rounds wait."""
        return outbox_of(self.agent, self.outbox)

    def timeout_ms_of(self, target: Target) -> int:
        """How long one try of a target may take."""
        return target.timeout_ms or self.timeout_ms

    def degraded_after_ms_of(self, target: Target) -> int | None:
        """From which time on an answer of a target is slow; None if never."""
        return target.degraded_after_ms or self.degraded_after_ms

    @property
    def reference_ms(self) -> int:
        """How long a reference may take to answer."""
        return min(self.timeout_ms, REFERENCE_MS_MAX)

    def room_ms_of(self, target: Target) -> int:
        """How long before its round closes a target must begin: two tries, and two looks at the references.

        The first of these two looks may have begun too early to count.
        """
        return 2 * self.timeout_ms_of(target) + 2 * self.reference_ms + SETTLING_MS

    @field_validator("references")
    @classmethod
    def _are_addresses(cls, references: tuple[str, ...]) -> tuple[str, ...]:
        for number, each in enumerate(references, 1):
            try:
                reference(each)
            except ValueError:  # its own words would quote it, and a password may be in it
                raise ValueError(
                    f"number {number} is no reference; write https://host/…, http://host/… or "
                    "tcp://host:port, without a user"
                ) from None
        return references

    @field_validator("proxy")
    @classmethod
    def _is_a_proxy(cls, proxy: str | None) -> str | None:
        return proxy if proxy is None else require_proxy(proxy)

    @model_validator(mode="after")
    def _can_be_asked_by_proxies(self) -> Self:
        told = [(self.proxy, self.proxy_login)]
        told += [
            (each.proxy or None, each.proxy_login) for each in self.target if isinstance(each, HttpTarget)
        ]
        if any(login and not proxy for proxy, login in told):
            raise ValueError(
                "a proxy_login stands beside no proxy, and goes to no other one; write both or none"
            )
        ours = [each for each in self.target if isinstance(each, HttpTarget) and self._is_by_proxy(each)]
        for target in ours:
            if target.certificate_days is not None:
                raise ValueError(
                    f"{target.platform}: certificate_days is looked at without a proxy; leave it out, or "
                    "write proxy = false"
                )
        if ours and not any(each.startswith("http") for each in self.references):
            raise ValueError(
                "targets are asked by a proxy and no reference can be; name one as https://host/ that it "
                "lets through"
            )
        return self

    def _is_by_proxy(self, target: HttpTarget) -> bool:
        return bool(target.proxy) or (target.proxy is None and self.proxy is not None)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        seen: set[str] = set()
        for target in self.target:
            if target.platform in seen:
                raise ValueError(
                    f"{target.platform} is named by two targets; a platform has one for an agent"
                )
            seen.add(target.platform)
            if self.room_ms_of(target) >= self.period_ms:
                raise ValueError(
                    f"{target.platform}: two tries of {self.timeout_ms_of(target):,} ms and a look at the "
                    f"references do not fit into a round of {self.period_ms:,} ms; make timeout_ms shorter "
                    "or period_seconds longer"
                )
        return self

    @model_validator(mode="after")
    def _are_slow_before_they_are_late(self) -> Self:
        for target in self.target:
            slow_ms, late_ms = self.degraded_after_ms_of(target), self.timeout_ms_of(target)
            if slow_ms is not None and slow_ms >= late_ms:
                raise ValueError(
                    f"{target.platform}: no answer can be slow, for after {late_ms:,} ms (timeout_ms) it is "
                    f"none any more, and degraded_after_ms is {slow_ms:,}; make degraded_after_ms shorter, "
                    "or timeout_ms longer"
                )
        return self


def outbox_of(agent: str, named: Path | None) -> Path:
    """The file in which an agent's rounds wait: the one that is named, or one beside whoever starts it."""
    return named or Path(f"{agent}.outbox.db")


@dataclass(frozen=True, slots=True)
class Loaded:
    """An agent's file, and the secrets that it takes from the environment."""

    file: AgentFile
    headers: Mapping[str, Mapping[str, str]]
    """Platform -> the headers of its requests; their values are never shown or stored."""
    proxies: Mapping[str, Proxy | None]
    """Platform -> the proxy by which it is asked; None if by none."""


def read_agent_file(path: Path, environment: Mapping[str, str] | None = None) -> Loaded:
    """Read the file of an agent.

    Raises:
        BadInputError: it cannot be read, is no TOML, a key is missing, unknown or wrong, or a variable of the
            environment is not set; all keys are named.
    """
    return completed(read_stated(path), str(path), environment)


def read_stated(path: Path) -> AgentFile:
    """Read the file of an agent as it stands, without the environment. Raises as `read_agent_file` does."""
    try:
        stated = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInputError(f"{path}: cannot be read ({error.strerror}); check its name") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInputError(
            f"{path}: is no TOML ({error}); see docs/howto/agent.md for one that is"
        ) from None
    return understood(stated, str(path))


def completed(file: AgentFile, where: str, environment: Mapping[str, str] | None = None) -> Loaded:
    """What a file states with the secrets that it takes from the environment; `where` it was stated.

    Raises:
        BadInputError: a variable of the environment is not set, or cannot stand in a header.
    """
    found = os.environ if environment is None else environment
    common = file.proxy, file.proxy_login
    return Loaded(
        file,
        {target.platform: headers_of(target, found, where) for target in file.target},
        {target.platform: proxy_of(target, common, found, where) for target in file.target},
    )


def understood(stated: Mapping[str, Any], name: str) -> AgentFile:
    """What is stated of an agent; `name` is where.

    Raises:
        BadInputError: a key is missing, unknown or wrong; all of them are named.
    """
    told = dict(stated)
    if isinstance(targets := told.get("target"), list):
        told["target"] = kinds_told(targets)
    try:
        return AgentFile.model_validate(told)
    except ValidationError as error:
        faults = mistakes(error, told)
        raise BadInputError("\n".join([f"{name}: nothing was probed", *faults])) from None
