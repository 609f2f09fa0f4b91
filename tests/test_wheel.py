"""What is shipped is the wheel: it is built, installed into an empty environment and run there."""

import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_wheel_runs_the_demonstration_outside_the_checkout(tmp_path):
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, cwd=CHECKOUT)
    (wheel,) = tmp_path.glob("constat-*.whl")
    lock = (CHECKOUT / "requirements.lock").read_text()
    pinned = re.findall(r"^[A-Za-z0-9_.-]+==[^ \\]+", lock, flags=re.MULTILINE)
    (tmp_path / "constraints.txt").write_text("\n".join(pinned))
    venv.create(tmp_path / "empty", with_pip=True)
    python = tmp_path / "empty" / "bin" / "python"
    run(
        python,
        "-m",
        "pip",
        "install",
        "-q",
        "--constraint",
        tmp_path / "constraints.txt",
        wheel,
        cwd=tmp_path,
    )

    printed = run(tmp_path / "empty" / "bin" / "constat", "demo", cwd=tmp_path)

    assert "Atelier du Nord" in printed
    page = (tmp_path / "constat-demo" / "atelier-nord-2026-10-fr.html").read_text()
    assert "Atelier du Nord" in page
