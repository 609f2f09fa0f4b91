"""What is decided on what was read, and appended behind it: whoever was not the first decides anew."""

from ledger.errors import ConflictError

TRIES = 20
"""How often somebody else may be first before it is given up."""


def gave_up() -> ConflictError:
    """What is told when others were first again and again."""
    return ConflictError("others wrote at the same time again and again; run the same command once more")
