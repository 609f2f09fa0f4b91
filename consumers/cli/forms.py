"""What help says of the form of a value: a word that a person reads, never a type of Python.

The library writes `<bool>` behind a switch and `<str>` behind a text, whatever we name it. What is put right
here sets fields of its parameters, which is why the least version of it is named.
"""

from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Any, get_args

WORDS: dict[Any, str] = {str: "TEXT", int: "NUMBER", float: "NUMBER", Path: "FILE"}
"""A type -> how it is called where nothing says more."""


def with_forms_named(command: Any) -> Any:  # noqa: ANN401 - the library's commands are not typed for us
    """A command, and all commands below it, whose help names the form of each value in a word."""
    for child in getattr(command, "commands", {}).values():
        with_forms_named(child)
    of_library = command.get_params

    def get_params(context: Any) -> list[Any]:  # noqa: ANN401 - as above
        found: list[Any] = of_library(context)  # with that of --help, which is made only now
        for parameter in found:
            name_form(parameter)
        return found

    command.get_params = get_params
    return command


def kind_of(annotation: Any) -> Any:  # noqa: ANN401 - whatever a parameter is annotated with
    """What one value is, of those that may be several or missing."""
    inner = [each for each in get_args(annotation) if each is not NoneType]
    return kind_of(inner[0]) if inner else annotation


def name_form(parameter: Any) -> None:  # noqa: ANN401 - as above
    """Have the help of a parameter name the form of its value in a word."""
    kind = kind_of(parameter.type_descriptor.annotation)
    choices = "|".join(each.value for each in kind) if _is_choice(kind) else ""
    if parameter.param_type_name == "argument":
        parameter.metavar = parameter.metavar or parameter.name.upper()
        parameter.display_type_rich = lambda ctx: choices  # noqa: ARG005 - the library names it
    elif parameter.metavar is None:
        parameter.metavar = "" if kind is bool else choices or WORDS[kind]


def _is_choice(kind: Any) -> bool:  # noqa: ANN401 - as above
    return isinstance(kind, type) and issubclass(kind, Enum)
