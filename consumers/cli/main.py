"""The command `constat`: one command, its groups and commands loaded when they are called.

Exit codes: 0 ok, 1 the answer is no (a check failed), 2 bad usage or input, 3 an error of Constat's own,
130 interrupted.
"""

import gc
import os
import sys
from importlib import import_module
from io import TextIOWrapper
from typing import Any

import typer
from typer.core import TyperGroup

from consumers.cli.commands import COMMANDS, Effect
from consumers.cli.forms import name_form, with_forms_named

OBJECTS_BETWEEN_COLLECTIONS = 50_000
"""Python's 700 made the collector take a tenth of a command's time to look through modules that stay."""
INTERRUPTED = 130
"""What a shell says of who was interrupted: 128 and the number of the signal."""
TRACEBACK = "CONSTAT_TRACEBACK"
"""In the environment, shows where an unexpected error came from."""


class LazyGroup(TyperGroup):
    """A group that knows its commands by name and imports each only when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 - the base's signature
        """The commands in the order of their table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002 - click's signature
        """The command of that name; only its module is imported."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"consumers.cli.{COMMANDS[cmd_name].module}")
        app = module.APPS[cmd_name] if hasattr(module, "APPS") else module.app
        command = with_forms_named(typer.main.get_command(app))
        command.name = cmd_name
        return command

    def get_params(self, ctx: Any) -> list[Any]:  # noqa: ANN401 - click's signature
        """Its own options, said in words as those of its commands are."""
        found: list[Any] = super().get_params(ctx)
        for parameter in found:
            name_form(parameter)
        return found

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - click's signature
        """Run the command, and say what an interrupt leaves behind."""
        from ledger.errors import in_our_words

        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = in_our_words(error.message)  # typer reads options with pydantic
            raise
        except KeyboardInterrupt:
            typer.echo(f"constat: interrupted; {_left_behind(ctx.invoked_subcommand)}", err=True)
            raise typer.Exit(INTERRUPTED) from None

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002 - as above
        """The table of commands, without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.line) for name, command in COMMANDS.items()])


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"constat {version('constat')}")
        raise typer.Exit


@app.callback()
def constat(
    *,
    ledger: str | None = typer.Option(
        None, "--ledger", metavar="PATH|URL", help="The ledger, for whichever command follows."
    ),
    workers: int | None = typer.Option(
        None, "--workers", min=1, metavar="N", help="How many processes fold many rounds; one for each core."
    ),
    version: bool = typer.Option(
        False, "--version", help="Show the version and leave.", is_eager=True, callback=_show_version
    ),
) -> None:
    """An availability ledger for service-level agreements.

    Facts are appended and never edited; every figure can be asked for as it was known at any moment.
    The ledger is --ledger or CONSTAT_LEDGER, by default sqlite:///constat.db: the path of its file, or a URL
    (sqlite:///relative.db, sqlite:////absolute.db, kafka://host:port/name). Signing a contract makes a file;
    on Kafka `constat topics create` makes the topics first.
    """
    del version
    if ledger is not None:
        os.environ["CONSTAT_LEDGER"] = ledger
    if workers is not None:
        os.environ["CONSTAT_WORKERS"] = str(workers)


def _left_behind(command: str | None) -> str:
    return (COMMANDS[command].effect if command in COMMANDS else Effect.GOES_ON).value


def main() -> None:
    """Run the command. Who closes the pipe has read enough: that is no error, and no answer of no."""
    try:
        try:
            _run()
        finally:
            if sys.stdout:
                sys.stdout.flush()
    except (SystemExit, BrokenPipeError) as left:
        code = _code_where_nobody_read_on(left)
        if code is None:
            raise
        # What is left in the buffer would fail again when Python leaves.
        if sys.__stdout__:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())
        sys.exit(code)


def _code_where_nobody_read_on(left: BaseException) -> int | None:
    """How the command would have left, had its pipe not been closed; None if it was not closed."""
    from ledger.errors import ConstatError

    chain = [left]  # no further than to what is told: under a broker's hanging up lies a closed pipe, too
    while isinstance(before := chain[-1].__context__, SystemExit | BrokenPipeError):
        chain.append(before)
    broken = [error for error in chain if isinstance(error, BrokenPipeError)]
    if not broken:
        return None
    match broken[-1].__context__:  # what came after it is only what typer and rich make of it
        case SystemExit(code=int(code)) | object(exit_code=int(code)):  # the latter is bad usage
            return code
        case ConstatError():
            return 2
        case KeyboardInterrupt():
            return INTERRUPTED
    return 0


def _run() -> None:
    """Run the command; an error meant for people is shown as a sentence, never as a traceback."""
    from ledger.errors import ConstatError

    _speak_utf8()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    try:
        app(standalone_mode=True)
    except ConstatError as error:
        typer.echo(f"constat: {error}", err=True)
        sys.exit(2)
    except BrokenPipeError:
        raise
    except OSError as error:
        what = error.filename or "this"
        typer.echo(f"constat: {what} cannot be written ({error.strerror}); send it elsewhere", err=True)
        sys.exit(2)
    except Exception as error:  # the outermost: whatever nobody expected is a mistake of ours
        if os.environ.get(TRACEBACK):
            raise
        typer.echo(f"constat: {_apology(error)}", err=True)
        sys.exit(3)
    finally:
        gc.freeze()  # the process ends: Python would look through everything once more, only to free it


def _speak_utf8() -> None:
    """Pages, sheets and JSON are UTF-8 whatever the locale says, and a name is never a reason to fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _apology(error: Exception) -> str:
    return (
        f"an error that nobody expected ({type(error).__name__}: {error}); please report it with what "
        f"{TRACEBACK}=1 shows when the same command runs again"
    )


if __name__ == "__main__":
    main()
