"""The table of the benchmark: a line is a ratio of one run, with what it took on this machine beside it."""

import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

from consumers.bench.measure import Ratios

LIBRARIES = ("constat", "polars", "orjson", "msgspec", "kafka-python", "duckdb", "zstandard")


class Line(NamedTuple):
    """One line: a ratio, or a figure alone, or why there is none."""

    what: str
    against: str = ""
    """What the ratio is to."""
    ratios: Ratios | None = None
    figure: str = ""
    """What it took, in words; the seconds of the ratio if empty."""
    least: float | None = None
    """The median below which the benchmark fails."""

    @property
    def failed(self) -> bool:
        """Whether the ratio is below the least."""
        return self.least is not None and self.ratios is not None and self.ratios.median < self.least


def machine() -> dict[str, str]:
    """What the absolute figures are of."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        **{name: found for name in LIBRARIES if (found := _version(name))},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # another system than Linux
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def as_text(lines: Sequence[Line]) -> str:
    """The table in Markdown, the machine below it."""
    rows = ["| | ratio to | least | median | most | CPU, or what it took |", "|---|---|---|---|---|---|"]
    rows += [_row(line) for line in lines]
    return "\n".join([*rows, "", "; ".join(f"{name} {what}" for name, what in machine().items())])


def _row(line: Line) -> str:
    if line.ratios is None:
        return f"| {line.what} | {line.against} | | | | {line.figure} |"
    least, middle, most = (_short(each) for each in _three(line.ratios))
    required = "" if line.least is None else f" (required: {line.least:g})"
    took = line.figure or f"{line.ratios.seconds:.2f} s"
    return f"| {line.what} | {line.against} | {least} | **{middle}**{required} | {most} | {took} |"


def _three(ratios: Ratios) -> tuple[float, float, float]:
    return min(ratios.each), ratios.median, max(ratios.each)


def _short(ratio: float) -> str:
    return f"{ratio:.0f}" if ratio >= 20 else f"{ratio:.1f}" if ratio >= 2 else f"{ratio:.2f}"  # noqa: PLR2004


def as_object(lines: Sequence[Line]) -> dict[str, Any]:
    """The same for machines."""
    return {"machine": machine(), "lines": [_object(line) for line in lines]}


def _object(line: Line) -> dict[str, Any]:
    found: dict[str, Any] = {"what": line.what, "against": line.against, "figure": line.figure}
    if line.ratios:
        least, middle, most = _three(line.ratios)
        found |= {
            "ratio": {"least": round(least, 3), "median": round(middle, 3), "most": round(most, 3)},
            "cpu_seconds": round(line.ratios.seconds, 3),
            "required": line.least,
            "failed": line.failed,
        }
    return found
