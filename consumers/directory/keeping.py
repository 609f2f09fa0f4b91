"""Synchronise lists and erase people: the store of addresses and the ledger's facts together."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from consumers.directory.source import ADMINISTRATOR
from consumers.directory.store import Entry, Store
from consumers.evidence import Evidence
from consumers.races import TRIES, gave_up
from ledger import directory
from ledger.application import Ledger
from ledger.errors import ConflictError, RefusedError
from ledger.fact import Draft, RecordedFact
from ledger.log.arbitration import Head
from ledger.mails import MailBounced, MailFact
from projections.asof import Known


class Synchronised(NamedTuple):
    """What was recorded of some lists, and the ids that seem to name another person than before."""

    recorded: list[RecordedFact]
    changed: tuple[str, ...]
    in_force: tuple[str, ...]
    """The contracts of which the same list was the last one already; nothing was recorded of it."""
    is_renewed: bool
    """Whether the store had other names, addresses, languages or roles."""


@dataclass(frozen=True)
class Keeper:
    """Who keeps the directories of a ledger. What was decided is appended behind what it was decided on.

    On one store one of them works at a time; on two stores the ledger says who was first, and the other one
    decides anew.
    """

    ledger: Ledger
    know: Callable[[], Known]
    """What is known of the ledger now."""
    store: Store
    evidence: Evidence

    def synchronise(self, lists: Mapping[str, Sequence[Entry]], made_ms: int, by: str) -> Synchronised:
        """Put other lists in force: addresses in the store first, so that whom a fact names can be reached.

        A list that is in force already is no fact once more; the store has what the file says all the same.
        Who has another name and another address is taken all the same: only the provider knows whether that
        is another person.

        Raises:
            BadInputError: a contract is unknown.
            RefusedError: a list is older than the one in force, or names somebody who was erased.
            ConflictError: others were first again and again, or the store is in use.
        """
        with self.store.alone():
            for _ in range(TRIES):
                known, before = self.know(), self.store.entries()
                drafts, in_force = _listed(known, lists, made_ms, by)
                changed = changed_people(before, chain.from_iterable(lists.values()))
                with suppress(ConflictError), self.store.replaced(lists):
                    recorded = self._append(drafts, known) if drafts else []
                    return Synchronised(recorded, changed, in_force, before != self.store.entries())
        raise gave_up()

    def _append(self, drafts: Sequence[Draft], known: Known) -> list[RecordedFact]:
        """Append behind what was known.

        Raises:
            ConflictError: somebody has written to one of the directories since.
        """
        streams = {draft.stream for draft in drafts}
        heads = {
            each.stream: Head(each.sequence, each.hash)
            for each in known.facts_about("directory")
            if each.stream in streams
        }
        return self.ledger.append_behind(drafts, heads)

    def erase(self, person: str, reason: str, by: str, now_ms: int) -> tuple[list[RecordedFact], int]:
        """Erase what is held of a person, and say so in every directory that named them; how many documents.

        The facts come last, so that what failed halfway is done again by the same command. So is what was
        written while it ran: whoever sends looks for the person before each message, so one more may be kept.

        Raises:
            RefusedError: no list ever named that person, or they were erased already and nothing is left.
            ConflictError: others were first again and again, or the store is in use.
        """
        found = 0
        with self.store.alone():
            for _ in range(TRIES):
                known = self.know()
                drafts, refusals = _erasures(known, person, reason, by, now_ms)
                if drafts or person in known.erased:
                    self.store.erase(person)
                    found += sum(map(self.evidence.erase, _documents_of(known, person)))
                if not drafts and not found:
                    raise RefusedError(
                        "; ".join(refusals) or "no contract has a directory; nobody is to be erased"
                    )
                with suppress(ConflictError):
                    return self._append(drafts, known) if drafts else [], found
        raise gave_up()


def changed_people(before: Iterable[Entry], after: Iterable[Entry]) -> tuple[str, ...]:
    """The ids that had another name and another address before; one of the two alone is a correction."""
    was = {each.person: each for each in before}
    return tuple(
        sorted(
            {
                each.person
                for each in after
                if (known := was.get(each.person)) and known.name != each.name and known.email != each.email
            }
        )
    )


def _listed(
    known: Known, lists: Mapping[str, Sequence[Entry]], made_ms: int, by: str
) -> tuple[list[Draft], tuple[str, ...]]:
    """The facts to append, and the contracts of which the list is in force already."""
    drafts, in_force = [], []
    for contract, entries in lists.items():
        known.contract(contract)
        state = known.directories.get(contract, directory.INITIAL)
        administrators = [each.person for each in entries if each.role == ADMINISTRATOR]
        fact = directory.synchronise(state, contract, administrators, made_ms, by)
        if directory.is_in_force(state, fact, made_ms):
            in_force.append(contract)
        else:
            drafts.append(Draft(directory.stream_of(contract), fact, made_ms))
    return drafts, tuple(in_force)


def _erasures(known: Known, person: str, reason: str, by: str, now_ms: int) -> tuple[list[Draft], list[str]]:
    """The facts to append, and why there is none for a contract."""
    drafts, refusals = [], []
    for contract, state in known.directories.items():
        erased = directory.PersonErased(contract=contract, person=person, reason=reason, by=by)
        try:
            fact = directory.erase(state, erased)
        except RefusedError as error:
            refusals.append(str(error))
        else:
            drafts.append(Draft(directory.stream_of(contract), fact, now_ms))
    return drafts, refusals


def _documents_of(known: Known, person: str) -> list[str]:
    """The hashes of the messages to a person, and of the reports on them."""
    found: dict[str, None] = {}
    for recorded in known.facts_about("mail"):
        fact = recorded.fact
        if isinstance(fact, MailFact) and fact.person == person:
            found |= {fact.sha256: None} if fact.sha256 else {}
            found |= {fact.report: None} if isinstance(fact, MailBounced) else {}
    return list(found)
