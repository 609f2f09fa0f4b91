"""What Constat says when it does not do what it was asked; each message tells the reader what to do next."""


def counted(number: int, noun: str) -> str:
    """A number with its noun, as messages say it: `1 round`, `2 rounds`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def in_our_words(message: str) -> str:
    """A message of pydantic without what it writes before a sentence that is ours."""
    return message.removeprefix("Value error, ")


class ConstatError(Exception):
    """Every error meant for a person. Its text is shown as it is, without a traceback; exit code 2."""


class RefusedError(ConstatError):
    """A subject's `decide` refuses a command that its state forbids. Nothing was written."""


class ConflictError(ConstatError):
    """Another writer extended the stream first. Nothing was written; read the stream again and retry."""


class BadInputError(ConstatError):
    """A file, an option or a value cannot be taken as a fact. Nothing of it was written."""


class UnusableLedgerError(ConstatError):
    """The ledger cannot be opened or written: not ours, newer, read-only, full. Nothing was changed."""


class MissingLedgerError(UnusableLedgerError):
    """There is no ledger where one was to be read. Nothing was made; the name is wrong, or it comes first."""


class UnreachableLedgerError(UnusableLedgerError):
    """No broker answers, or not now. The same may go through a moment later."""


class UnreachableSourceError(ConstatError):
    """A server from which history is read does not answer, or not now. The same may go through later."""


class DamagedLedgerError(ConstatError):
    """Stored bytes do not fit their chain. Raised on reading; the message names the first bad record."""


class DamagedIndexError(DamagedLedgerError):
    """What an engine keeps beside its records does not fit them. The records are whole; make it anew."""


class UnknownOutcomeError(ConstatError):
    """It is not known whether an append took effect, because no broker answered in time.

    Nothing takes effect twice, whatever happens: but the reader must look before trying again.
    """


class UnusableOutboxError(ConstatError):
    """An outbox cannot be opened, read or written: not ours, newer, in use. Nothing was changed."""


class FullOutboxError(UnusableOutboxError):
    """An outbox, or the disk under it, has no room for one more round.

    That round was not kept and will be missing from the ledger; every round that was kept stays.
    """


class DamagedOutboxError(UnusableOutboxError):
    """What an outbox holds is not what was put into it. Nothing of what is damaged was sent."""
