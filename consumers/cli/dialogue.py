"""A command asks for what it was not told, if a person is there; a script is told which option to give."""

import sys
from collections.abc import Callable

import typer


def is_there() -> bool:
    """Whether a person reads and can answer."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def told(
    value: str | None,
    option: str,
    question: str,
    default: str | None = None,
    check: Callable[[str], object] | None = None,
) -> str:
    """What the option says, or what the person answers; asked again until the check takes the answer.

    What an option says is not checked here: a script hears of it from whoever uses it, and asks nobody.

    Raises:
        BadInputError: the option was left out and nobody can be asked.
    """
    from ledger.errors import BadInputError, ConstatError

    if value is not None:
        return value
    if not is_there():
        raise BadInputError(f"say {option}: {question}")
    while True:
        answer = str(typer.prompt(question, default=default, err=True)).strip()
        try:
            if check:
                check(answer)
        except ConstatError as error:
            typer.echo(f"constat: {error}", err=True)
        else:
            return answer


def told_several(
    values: list[str], option: str, question: str, check: Callable[[list[str]], object]
) -> list[str]:
    """The same for an option that may be repeated; an answer names several with commas between."""
    if values:
        return values
    answered = told(
        None, option, f"{question} (several with commas between)", check=lambda text: check(_names(text))
    )
    return _names(answered)


def _names(text: str) -> list[str]:
    """The names that an answer gives.

    Raises:
        BadInputError: it gives none.
    """
    from ledger.errors import BadInputError

    if found := [name.strip() for name in text.split(",") if name.strip()]:
        return found
    raise BadInputError("no name was given; name at least one")


def sentence(text: str) -> None:
    """Refuse an answer that is no sentence for people.

    Raises:
        BadInputError: it is empty or too long.
    """
    from pydantic import TypeAdapter

    from consumers.cli import recording
    from ledger.fact import Text

    with recording.understood():
        TypeAdapter(Text).validate_python(text)


def agreed(question: str) -> bool:
    """Whether the person says yes; enter alone says no."""
    return typer.confirm(question, default=False, err=True)
