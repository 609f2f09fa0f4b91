"""Synchronise lists and erase people: the store of addresses and the ledger's facts together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from consumers.directory.source import ADMINISTRATOR
from consumers.directory.store import Entry, Store
from consumers.evidence import Evidence
from ledger import directory
from ledger.application import Ledger
from ledger.errors import RefusedError
from ledger.fact import Draft, RecordedFact
from ledger.mails import MailBounced, MailFact
from projections.asof import Known


@dataclass(frozen=True)
class Keeper:
    """Who keeps the directories of a ledger, by what is known of it now."""

    ledger: Ledger
    known: Known
    store: Store
    evidence: Evidence

    def synchronise(self, lists: Mapping[str, Sequence[Entry]], made_ms: int, by: str) -> list[RecordedFact]:
        """Put other lists in force: addresses in the store first, so that whom a fact names can be reached.

        Raises:
            BadInputError: a contract is unknown.
            RefusedError: a list is older than the one in force, or names somebody who was erased.
        """
        drafts = [self._listed(contract, entries, made_ms, by) for contract, entries in lists.items()]
        self.store.replace(lists)
        return self.ledger.append(*drafts)

    def _listed(self, contract: str, entries: Sequence[Entry], made_ms: int, by: str) -> Draft:
        self.known.contract(contract)
        state = self.known.directories.get(contract, directory.INITIAL)
        administrators = [each.person for each in entries if each.role == ADMINISTRATOR]
        fact = directory.synchronise(state, contract, administrators, made_ms, by)
        return Draft(directory.stream_of(contract), fact, made_ms)

    def erase(self, person: str, reason: str, by: str, now_ms: int) -> tuple[list[RecordedFact], int]:
        """Erase what is held of a person, and say so in every directory that named them; how many documents.

        The facts come last, so that what failed halfway is done again by the same command. So is what was
        written while it ran: whoever sends looks for the person before each message, so one more may be kept.

        Raises:
            RefusedError: no list ever named that person, or they were erased already and nothing is left.
        """
        drafts, refusals = self._erasures(person, reason, by, now_ms)
        found = 0
        if drafts or person in self.known.erased:
            self.store.erase(person)
            found = sum(map(self.evidence.erase, self._documents_of(person)))
        if not drafts and not found:
            raise RefusedError("; ".join(refusals) or "no contract has a directory; nobody is to be erased")
        return self.ledger.append(*drafts) if drafts else [], found

    def _erasures(self, person: str, reason: str, by: str, now_ms: int) -> tuple[list[Draft], list[str]]:
        """The facts to append, and why there is none for a contract."""
        drafts, refusals = [], []
        for contract, state in self.known.directories.items():
            erased = directory.PersonErased(contract=contract, person=person, reason=reason, by=by)
            try:
                fact = directory.erase(state, erased)
            except RefusedError as error:
                refusals.append(str(error))
            else:
                drafts.append(Draft(directory.stream_of(contract), fact, now_ms))
        return drafts, refusals

    def _documents_of(self, person: str) -> list[str]:
        """The hashes of the messages to a person, and of the reports on them."""
        found: dict[str, None] = {}
        for recorded in self.known.facts:
            fact = recorded.fact
            if isinstance(fact, MailFact) and fact.person == person:
                found |= {fact.sha256: None} if fact.sha256 else {}
                found |= {fact.report: None} if isinstance(fact, MailBounced) else {}
        return list(found)
