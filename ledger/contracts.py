"""Contracts: signed, amended, ended; and which platforms belong to them."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import ClassVar, Literal

from ledger.errors import BadInputError, RefusedError
from ledger.fact import Fact, Name, RecordedFact, Text
from ledger.growing import Growing
from ledger.public_holidays import is_calendar, public_holidays
from ledger.terms import Offer, Terms, Zone

# ---------------------------------------------------------------- facts


class ContractSigned(Fact):
    """A provider and a client agreed on terms, from local midnight of the first day."""

    TYPE: ClassVar[str] = "constat.contract.signed.v1"

    contract: Name
    client: Text
    language: Literal["fr", "en"] = "fr"
    zone: Zone = "Europe/Paris"
    first_day: date
    last_day: date | None = None
    terms: Terms


class ContractAmended(Fact):
    """From local midnight of a day the contract holds in another version of its terms."""

    TYPE: ClassVar[str] = "constat.contract.amended.v1"

    contract: Name
    terms_version: int
    from_day: date
    terms: Terms
    reason: Text


class ContractEnded(Fact):
    """The contract ends at local midnight after its last day."""

    TYPE: ClassVar[str] = "constat.contract.ended.v1"

    contract: Name
    last_day: date
    reason: Text


class PlatformAdded(Fact):
    """A platform belongs to the contract from local midnight of a day."""

    TYPE: ClassVar[str] = "constat.contract.platform-added.v1"

    contract: Name
    platform: Name
    from_day: date
    offer: Offer = "enterprise"


class PlatformRemoved(Fact):
    """A platform no longer belongs to the contract after its last day."""

    TYPE: ClassVar[str] = "constat.contract.platform-removed.v1"

    contract: Name
    platform: Name
    last_day: date


# ---------------------------------------------------------------- state


@dataclass(frozen=True, slots=True)
class TermsVersion:
    """The terms from a day on, until the next version's day. The signed terms are version 1."""

    terms_version: int
    from_day: date
    terms: Terms
    position: int


@dataclass(frozen=True, slots=True)
class Membership:
    """The days of one platform in the contract; no last day while it stays."""

    platform: str
    offer: Offer
    from_day: date
    last_day: date | None
    position: int


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract as its facts leave it. `signed` is None before it is signed."""

    signed: ContractSigned | None = None
    position: int = 0
    versions: tuple[TermsVersion, ...] = ()
    platforms: Growing[Membership] = field(default_factory=Growing)
    ended: ContractEnded | None = None

    @property
    def last_day(self) -> date | None:
        """The last day on which it holds, if that is known."""
        days = [fact.last_day for fact in (self.signed, self.ended) if fact and fact.last_day]
        return min(days) if days else None


INITIAL = Contract()


def stream_of(contract: str) -> str:
    """The stream that holds a contract's facts."""
    return f"contract:{contract}"


# ---------------------------------------------------------------- evolve


def evolve(state: Contract, recorded: RecordedFact) -> Contract:
    """The contract after one more of its facts; a fact of another subject changes nothing."""
    match recorded.fact:
        case ContractSigned() as fact:
            first = TermsVersion(1, fact.first_day, fact.terms, recorded.position)
            return replace(state, signed=fact, position=recorded.position, versions=(first,))
        case ContractAmended() as fact:
            version = TermsVersion(fact.terms_version, fact.from_day, fact.terms, recorded.position)
            return replace(state, versions=_with_version(state.versions, version))
        case ContractEnded() as fact:
            return replace(state, ended=fact)
        case PlatformAdded() as fact:
            added = Membership(fact.platform, fact.offer, fact.from_day, None, recorded.position)
            return replace(state, platforms=state.platforms.with_one_more(added))
        case PlatformRemoved() as fact:
            return replace(state, platforms=Growing(_left(each, fact) for each in state.platforms))
    return state


def _with_version(versions: tuple[TermsVersion, ...], added: TermsVersion) -> tuple[TermsVersion, ...]:
    """By day; an amendment from the day of a version takes its place."""
    others = (version for version in versions if version.from_day != added.from_day)
    return tuple(sorted((*others, added), key=lambda version: version.from_day))


def _left(membership: Membership, fact: PlatformRemoved) -> Membership:
    if membership.platform == fact.platform and membership.last_day is None:
        return replace(membership, last_day=fact.last_day)
    return membership


# ---------------------------------------------------------------- decide


def sign(state: Contract, signed: ContractSigned) -> ContractSigned:
    """Sign a contract that does not yet exist."""
    if state.signed:
        raise RefusedError(
            f"contract {signed.contract} is already signed, from {state.signed.first_day}; change its terms "
            "with `constat contract amend`, or sign under another name"
        )
    if signed.last_day and signed.last_day < signed.first_day:
        raise RefusedError("the contract would end before it begins; correct first_day or last_day")
    _require_calendar(signed.terms)
    return signed


def amend(state: Contract, from_day: date, terms: Terms, reason: str) -> ContractAmended:
    """Put other terms in force from a day after those of the version before.

    Or from the very day of a version whose hours cannot be laid out, because nobody knows its calendar.
    """
    signed = require_signed(state)
    _require_calendar(terms)
    if not _can_be_replaced(state, from_day):
        _require_later_day(state.versions[-1], from_day)
    if state.last_day and from_day > state.last_day:
        raise RefusedError(f"the contract ends on {state.last_day}; amend from a day within it")
    period = state.versions[0].terms.readings.period
    if terms.readings.period != period:
        raise RefusedError(
            f"the periods of {signed.contract} are cut by the reading {period} for as long as it lasts; "
            f"amend it with period = {period!r}, or end it and sign another contract"
        )
    return ContractAmended(
        contract=signed.contract,
        terms_version=max(version.terms_version for version in state.versions) + 1,
        from_day=from_day,
        terms=terms,
        reason=reason,
    )


def _can_be_replaced(state: Contract, from_day: date) -> bool:
    there = [version for version in state.versions if version.from_day == from_day]
    return bool(there) and not is_calendar(there[0].terms.holiday_calendar)


def _require_later_day(newest: TermsVersion, from_day: date) -> None:
    if from_day <= newest.from_day:
        raise RefusedError(
            f"version {newest.terms_version} of the terms already holds from {newest.from_day}; amend from a "
            "later day (what was judged before stays as it was agreed)"
        )


def _require_calendar(terms: Terms) -> None:
    try:
        public_holidays(terms.holiday_calendar, ())
    except BadInputError as error:
        raise RefusedError(str(error)) from None


def end(state: Contract, last_day: date, reason: str) -> ContractEnded:
    """End a contract on a day of it."""
    signed = require_signed(state)
    if state.ended:
        raise RefusedError(f"the contract already ended on {state.ended.last_day}; nothing is left to end")
    if last_day < signed.first_day:
        raise RefusedError(f"the contract begins on {signed.first_day}; end it on that day or later")
    return ContractEnded(contract=signed.contract, last_day=last_day, reason=reason)


def add_platform(state: Contract, platform: str, from_day: date, offer: Offer) -> PlatformAdded:
    """Add a platform that is not in the contract on that day."""
    signed = require_signed(state)
    if from_day < signed.first_day:
        raise RefusedError(
            f"the contract begins on {signed.first_day}, so nothing of {platform} counts before; add it from "
            "that day or a later one"
        )
    for membership in state.platforms:
        overlaps = membership.last_day is None or membership.last_day >= from_day
        if membership.platform == platform and overlaps:
            raise RefusedError(
                f"{platform} already belongs to {signed.contract} from {membership.from_day}; remove it "
                "first, or choose another name"
            )
    return PlatformAdded(contract=signed.contract, platform=platform, from_day=from_day, offer=offer)


def remove_platform(state: Contract, platform: str, last_day: date) -> PlatformRemoved:
    """Let a platform that belongs to the contract leave it after a day."""
    signed = require_signed(state)
    for membership in state.platforms:
        if membership.platform == platform and membership.last_day is None:
            if last_day < membership.from_day - timedelta(days=1):
                raise RefusedError(
                    f"{platform} joined on {membership.from_day} and cannot leave before that; name the day "
                    "before as its last if it never belonged, or a later one"
                )
            return PlatformRemoved(contract=signed.contract, platform=platform, last_day=last_day)
    raise RefusedError(
        f"{platform} does not belong to {signed.contract}; `constat contract show` lists those that do"
    )


def require_signed(state: Contract) -> ContractSigned:
    """The signature, without which nothing else can happen to a contract."""
    if state.signed is None:
        raise RefusedError("no such contract; sign it first with `constat contract sign FILE`")
    return state.signed
