"""What a ledger has against lists, before any is put in force: told with what is wrong in their file."""

from dataclasses import dataclass

from ledger import directory
from ledger.errors import BadInputError
from projections.asof import Known


@dataclass(frozen=True)
class Standing:
    """What is known of contracts and their directories, for lists that were made at a moment."""

    known: Known
    made_ms: int

    def against_contract(self, contract: str) -> str | None:
        """Why no list of a contract is taken: it is unknown."""
        try:
            self.known.contract(contract)
        except BadInputError as error:
            return str(error)
        return None

    def against_age(self, contract: str) -> str | None:
        """Why a list that was made then is not taken: a newer one is in force."""
        return directory.refusal_of_age(self._directory(contract), contract, self.made_ms)

    def against_person(self, contract: str, person: str) -> str | None:
        """Why nobody is an administrator under this id: the person was erased, and the id with them."""
        return directory.refusal_of_erased(self._directory(contract), contract, [person])

    def _directory(self, contract: str) -> directory.Directory:
        return self.known.directories.get(contract, directory.INITIAL)
