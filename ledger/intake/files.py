"""Files of results, by the ending of their names."""

from collections.abc import Callable, Mapping
from pathlib import Path

from ledger.errors import BadInputError
from ledger.intake.columns import Columns
from ledger.intake.csv_source import CsvSource
from ledger.intake.ndjson_source import NdjsonSource
from ledger.intake.parquet_source import ParquetSource
from ledger.intake.sources import Source

_KINDS: Mapping[str, Callable[[Path, Columns], Source]] = {
    ".csv": CsvSource.open,
    ".ndjson": NdjsonSource.open,
    ".jsonl": NdjsonSource.open,
    ".parquet": ParquetSource.open,
}


def open_source(path: Path, columns: Columns) -> Source:
    """The source that a file's name tells: `.csv`, `.ndjson` (or `.jsonl`), `.parquet`.

    Raises:
        BadInputError: there is no such file, it has another ending, or a column is missing.
    """
    opened = _KINDS.get(path.suffix.lower())
    if opened is None:
        raise BadInputError(f"{path}: the name must end in .csv, .ndjson or .parquet, to say what is in it")
    return _opened(path, columns, opened)


def open_csv(path: Path, columns: Columns) -> Source:
    """The source of a CSV file, whatever its name.

    Raises:
        BadInputError: there is no such file, or a column is missing.
    """
    return _opened(path, columns, CsvSource.open)


def _opened(path: Path, columns: Columns, opened: Callable[[Path, Columns], Source]) -> Source:
    if not path.is_file():
        raise BadInputError(f"{path}: there is no such file; check its name")
    try:
        return opened(path, columns)
    except BadInputError as error:
        raise BadInputError(f"{path}: {error}") from None
    except OSError as error:
        raise BadInputError(f"{path}: cannot be read ({error.strerror}); check who may read it") from error
