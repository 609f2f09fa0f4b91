"""What the golden files hold: the first question of some disputes, in every layout and language."""

from collections.abc import Iterator
from pathlib import Path

from consumers.cli.statement import Format, Language, rendered
from consumers.pages.checking import Asked
from ledger.interval import Interval
from projections.statement import statement
from tests.disputes.loading import FOLDER as DISPUTES
from tests.disputes.loading import load
from tests.oracle.retelling import retell

GOLDEN = Path(__file__).parent / "golden"
STORIES = (
    "force-majeure-for-half-of-an-outage",
    "one-moved-one-withdrawn-one-late",
    "example-g-window-over-the-october-night",
    "another-account-than-the-one-named",
)
"""A claim ruled in part; a register of notices; work announced over the night of 25 hours; interventions."""

SPOKEN = {Format.html: "page.{}.html", Format.text: "statement.{}.txt"}
SILENT = {Format.csv: "sheet.csv", Format.json: "statement.json"}


def files() -> Iterator[tuple[Path, str]]:
    """Every golden file with what the command writes there today."""
    for name in STORIES:
        yield from _layouts(name)


def _layouts(name: str) -> Iterator[tuple[Path, str]]:
    dispute = load(DISPUTES / name)
    asked = dispute.questions[0]
    period = str(asked.period) if isinstance(asked.period, int) else Interval(*asked.bounds)
    known = retell(dispute.facts).known(asked.as_of)
    figures = statement(known, dispute.contract, period, asked.readings)
    for layout, file in SPOKEN.items():
        for language in Language:
            text = rendered(figures, layout, language, Asked(asked.readings))
            yield GOLDEN / name / file.format(language.value), text
    for layout, file in SILENT.items():
        yield GOLDEN / name / file, rendered(figures, layout, None, Asked(asked.readings))
