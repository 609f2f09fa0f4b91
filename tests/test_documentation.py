"""The documentation runs: every command of the tutorial, and every link and command name that pages mention."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from consumers.cli.main import COMMANDS

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
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


def matches(shown: str, printed: str) -> bool:
    """Whether output is as shown; `…` stands for anything, kinds of spaces and line ends do not count."""

    def tidy(text: str) -> str:
        plain = text.replace("\u00a0", " ").replace("\u202f", " ").strip("\n")
        return "\n".join(line.rstrip() for line in plain.splitlines())

    pattern = ".*".join(re.escape(piece) for piece in tidy(shown).split(ELLIPSIS))
    return re.fullmatch(pattern, tidy(printed), flags=re.DOTALL) is not None


@pytest.mark.slow
def test_every_command_of_the_tutorial_prints_what_the_tutorial_shows(tmp_path):
    """A reader who types what the tutorial says sees what it shows."""
    shutil.copytree(ROOT / "tests" / "data", tmp_path / "tests" / "data")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CONSTAT")}
    environment |= {"PATH": path, "COLUMNS": "100", "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}

    found = steps(ROOT / "docs" / "tutorial.md")

    assert found
    for command, shown in found:
        done = subprocess.run(
            command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        printed = done.stdout + done.stderr
        assert done.returncode in (0, 1), f"$ {command}\n{printed}"
        assert not shown or matches(shown, printed), f"$ {command}\nshown:\n{shown}\nprinted:\n{printed}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())

    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]

    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_page_mentions_exists(page):
    mentioned = re.findall(
        r"constat (?:--ledger \S+ )?([a-z][a-z-]+)",
        " ".join(re.findall(r"`[^`]+`|^\$ .*$", page.read_text(), re.MULTILINE)),
    )

    assert [name for name in mentioned if name not in COMMANDS] == []
