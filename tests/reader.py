"""What a reader does with a page: types its commands in a folder, and sees whether they print what it shows."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from consumers.cache.folder import FOLDER

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"^```(console|toml|text)( [^\n]*)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ELLIPSIS = "…"


def steps(page: Path) -> list[tuple[str, str]]:
    """Each command of a page with the output shown below it."""
    found = []
    for kind, _, body in BLOCK.findall(page.read_text()):
        if kind == "console":
            for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
                command, _, shown = re.sub(r"\\\n\s*", "", part).partition("\n")
                found.append((command, shown.strip("\n")))
    return found


def texts(page: Path) -> list[str]:
    """The files that a page asks to save."""
    return re.findall(r"^```text\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


def matches(shown: str, printed: str) -> bool:
    """Whether output is as shown; `…` stands for anything, kinds of spaces and line ends do not count."""

    def tidy(text: str) -> str:
        plain = text.replace("\u00a0", " ").replace("\u202f", " ").strip("\n")
        return "\n".join(line.rstrip() for line in plain.splitlines())

    pattern = ".*".join(re.escape(piece) for piece in tidy(shown).split(ELLIPSIS))
    return re.fullmatch(pattern, tidy(printed), flags=re.DOTALL) is not None


def replaced(text: str, instead: Mapping[str, str] | None) -> str:
    """A text with what the test has in place of what stands for it."""
    for theirs, ours in (instead or {}).items():
        text = text.replace(theirs, ours)
    return text


def run(
    page: Path,
    folder: Path,
    *,
    refused: tuple[str, ...] = (),
    refused_at: tuple[int, ...] = (),
    signed_only: bool = False,
    part: slice = slice(None),
    instead: Mapping[str, str] | None = None,
    **environment: str,
) -> None:
    """Type every command of a page in a folder, or some, and compare what it prints with what the page shows.

    A command that names a `refused` file, or that is the n-th and n is in `refused_at`, leaves with 2,
    because the page shows what is said then. What stands for an address or a file of the reader's own is
    typed as the test has it: `instead`.
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    inherited = {
        name: value for name, value in os.environ.items() if name == FOLDER or not name.startswith("CONSTAT")
    }
    environment |= {"PATH": path, "COLUMNS": "100", "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}
    found = [(replaced(command, instead), replaced(shown, instead)) for command, shown in steps(page)[part]]
    assert found
    if signed_only:  # what comes after changes the contract and ends it
        found = [each for each in found if re.match(r"constat contract (template|sign)", each[0])]
    for number, (command, shown) in enumerate(found, start=1):
        done = subprocess.run(
            command,
            shell=True,
            cwd=folder,
            env=inherited | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        printed = done.stdout + done.stderr
        is_refused = number in refused_at or any(name in command for name in refused)
        allowed = (2,) if is_refused else (0, 1)
        assert done.returncode in allowed, f"$ {command}\n{printed}"
        assert not shown or matches(shown, printed), f"$ {command}\nshown:\n{shown}\nprinted:\n{printed}"
