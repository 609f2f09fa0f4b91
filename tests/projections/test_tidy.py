"""What no linter knows of projections: nothing in them asks what time or where it is, or calculates in floats."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "projections").glob("**/*.py"))
NOW = {"now", "today", "utcnow", "fromtimestamp", "utcfromtimestamp", "localtime", "getlocale", "setlocale"}
OUTSIDE = {"locale", "time", "random", "os", "subprocess", "tempfile", "getpass"}


def forbidden(tree):
    """Every float, clock and locale of a file, as its line and what stands there."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
            yield node.lineno, repr(node.value)
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"float", "round"}
        ):
            yield node.lineno, f"{node.func.id}()"
        if isinstance(node, ast.Attribute) and node.attr in NOW:
            yield node.lineno, f".{node.attr}"
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
            yield from ((node.lineno, name) for name in names if name.split(".")[0] in OUTSIDE)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_projection_asks_for_no_clock_and_no_locale_and_holds_no_float(file):
    assert list(forbidden(ast.parse(file.read_text()))) == []


@pytest.mark.parametrize(
    "line",
    ["x = 0.5", "float(1)", "datetime.now(UTC)", "date.today()", "import locale", "from time import time"],
)
def test_what_a_projection_must_not_hold_is_noticed(line):
    assert list(forbidden(ast.parse(line)))
