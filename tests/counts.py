"""What a run of faults counted, for whoever reads it afterwards."""

import json
import os
from pathlib import Path


def write_down(case: str, **found: object) -> None:
    """Add a case to the file that `CONSTAT_FAULTS` names, one JSON object a line."""
    if path := os.environ.get("CONSTAT_FAULTS"):
        with Path(path).open("a") as file:
            file.write(json.dumps({"case": case, **found}) + "\n")
