"""What `--help` of every command says, read as somebody reads it who knows no Python."""

import re
from enum import Enum

import pytest
import typer.main

from consumers.cli import forms
from consumers.cli.commands import COMMANDS
from consumers.cli.main import app
from ledger.errors import BadInputError

OF_PYTHON = re.compile(
    r"<[^>\n]*>|\b(?:list|tuple|dict)\[|\b(?:bool|int|str|float|datetime|UUID|NoneType|INTEGER|BOOLEAN)\b"
)


def tree(command, path):
    """A command and all below it, each with how it is called."""
    yield path
    for name, child in getattr(command, "commands", {}).items():
        yield from tree(child, (*path, name))


def every_command():
    group = typer.main.get_command(app)
    yield ()
    for name in COMMANDS:
        yield from tree(group.get_command(None, name), (name,))


@pytest.mark.parametrize("path", list(every_command()), ids=" ".join)
def test_no_help_names_a_type_of_python(constat, monkeypatch, path):
    monkeypatch.setenv("COLUMNS", "200")

    answer = constat(*path, "--help")

    assert answer.code == 0
    assert f"Usage: constat {' '.join(path)}".rstrip() in answer.out
    assert OF_PYTHON.findall(answer.out) == []


def test_a_switch_takes_nothing_a_choice_names_all_and_a_number_is_a_number(constat, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")

    requests = " ".join(constat("support", "open", "--help").out.split())
    statement = " ".join(constat("statement", "--help").out.split())

    assert "--json Print one JSON object" in requests
    assert "--warning-hours NUMBER" in requests
    assert "--format -f text|json|csv|html" in statement


def test_every_type_that_a_parameter_has_is_called_by_a_word():
    def parameters(command):
        yield from command.params
        for child in getattr(command, "commands", {}).values():
            yield from parameters(child)

    group = typer.main.get_command(app)
    kinds = {
        forms.kind_of(each.type_descriptor.annotation)
        for name in COMMANDS
        for each in parameters(group.get_command(None, name))
    }

    assert {kind for kind in kinds if not issubclass(kind, Enum)} <= {bool, *forms.WORDS}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("statement", "--format", "foo"), "'foo' is not one of 'text', 'json', 'csv', 'html'"),
        (("contract", "template", "jamespot", "-l", "de"), "'de' is not one of 'fr', 'en'"),
        (("contract", "template", "acme"), "there is no template 'acme'; there is: jamespot."),
    ],
)
def test_a_value_that_is_none_is_refused_with_those_that_there_are(constat, arguments, said):
    answer = constat(*arguments)

    assert answer.code == 2
    assert said in answer.err
    assert "Value error" not in answer.err


def options_of(path):
    command = typer.main.get_command(app)
    for name in path:
        command = command.get_command(None, name)
    return [each for each in command.params if each.param_type_name == "option"]


OF_PEOPLE = [
    (path, option.opts[0])
    for path in every_command()
    for option in options_of(path)
    if option.metavar == "ID"
]


def test_people_are_named_by_these_options():
    assert {option for _, option in OF_PEOPLE} == {"--by", "--account", "--administrator"}


@pytest.mark.parametrize(("path", "option"), OF_PEOPLE, ids=str)
def test_no_option_takes_an_address_for_the_id_of_a_person(path, option):
    (found,) = [each for each in options_of(path) if option in each.opts]

    with pytest.raises(BadInputError, match=f"{option}: an id of a person has no @"):
        found.callback(None, found, ("zoe@acme.example",) if found.multiple else "zoe@acme.example")
