"""A command asks for what it was not told, if a person is there; a script is told which option to give."""

import sys

import typer


def is_there() -> bool:
    """Whether a person reads and can answer."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def told(value: str | None, option: str, question: str, default: str | None = None) -> str:
    """What the option says, or what the person answers.

    Raises:
        BadInputError: the option was left out and nobody can be asked.
    """
    if value is not None:
        return value
    if is_there():
        return str(typer.prompt(question, default=default, err=True)).strip()
    from ledger.errors import BadInputError

    raise BadInputError(f"say {option}: {question}")


def told_several(values: list[str], option: str, question: str) -> list[str]:
    """The same for an option that may be repeated; an answer names several with commas between."""
    if values:
        return values
    answered = told(None, option, f"{question} (several with commas between)")
    return [name.strip() for name in answered.split(",") if name.strip()]


def agreed(question: str) -> bool:
    """Whether the person says yes; enter alone says no."""
    return typer.confirm(question, default=False, err=True)
