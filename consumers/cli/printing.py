"""What a command prints: figures laid out, JSON for machines, facts that were taken down, warnings."""

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from ledger.fact import RecordedFact


def console() -> "Console":
    """The standard output, laid out; a pipe that is closed is left to the group to understand."""
    from rich.console import Console

    class Output(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return Output()


def print_json(value: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    """One JSON object on the standard output, keys as they stand."""
    import orjson

    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    sys.stdout.flush()


def print_recorded(
    recorded: "Sequence[RecordedFact]", *, as_json: bool = False, more: Mapping[str, object] | None = None
) -> None:
    """Say what was taken down: position, both clocks, the fact's type and stream.

    As JSON one object: the fact itself where there is one, else all of them under `recorded`; and `more`.
    """
    found = [_recorded(fact) for fact in recorded]
    if as_json:
        print_json((found[0] if len(found) == 1 else {"recorded": found}) | dict(more or {}))
        return
    for each in found:
        print(
            f"recorded at position {each['position']}: {each['type']} on {each['stream']} "
            f"(occurred {each['occurred_at']}, recorded {each['recorded_at']})"
        )


def _recorded(fact: "RecordedFact") -> dict[str, object]:
    from ledger.instants import format_instant

    return {
        "position": fact.position,
        "stream": fact.stream,
        "sequence": fact.sequence,
        "type": fact.fact.TYPE,
        "occurred_at": format_instant(fact.occurred_ms),
        "recorded_at": format_instant(fact.recorded_ms),
        "hash": fact.hash,
    }


def warn(sentence: str) -> None:
    """Say on the standard error what was done all the same, and what it does not do."""
    print(f"constat: warning: {sentence}", file=sys.stderr)
