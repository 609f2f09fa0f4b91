"""Write the answers of every expected.json anew, from the oracle: `python -m tests.disputes.rebuild`."""

import json
import sys
from pathlib import Path

from tests.disputes.loading import Dispute, folders, load


def main() -> None:
    for folder in folders():
        file = folder / "expected.json"
        before, now = file.read_text(), rebuilt(folder)
        file.write_text(now)
        sys.stdout.write(f"{'changed' if now != before else 'same   '} {folder.name}\n")


def rebuilt(folder: Path) -> str:
    """The text of expected.json, with the oracle's answers."""
    dispute = load(folder)
    return json.dumps(list(_entries(dispute)), indent=2) + "\n"


def _entries(dispute: Dispute):
    for question in dispute.questions:
        asked = {"note": question.note, "period": question.period, "as_of": question.as_of}
        readings = {"readings": question.readings} if question.readings else {}
        yield asked | readings | {"answer": question.of_oracle(dispute.facts)}


if __name__ == "__main__":
    main()
