"""A text file as blocks of whole lines: what CSV and NDJSON have in common."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

BLOCK_BYTES = 8 * 1024 * 1024
"""How much is read at a time: some hundred thousand results, a few dozen megabytes as columns."""
BOM = b"\xef\xbb\xbf"


class Block(NamedTuple):
    """Some whole lines: the number of the first one (from 1), their bytes, the bytes read so far."""

    first_line: int
    content: bytes
    end: int

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Each line that is not blank, with its number and without its end."""
        for number, line in enumerate(self.content.split(b"\n"), self.first_line):
            stripped = line.removesuffix(b"\r")
            if stripped.strip():
                yield number, stripped


def blocks(path: Path, block_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
    """The file from its first line to its last, a byte order mark left out. A line is never cut."""
    first_line, end, rest = 1, 0, b""
    with path.open("rb") as file:
        while content := file.read(block_bytes):
            end += len(content)
            whole = rest + content
            if first_line == 1 and end == len(content):
                whole = whole.removeprefix(BOM)
            cut = whole.rfind(b"\n") + 1
            if cut:
                yield Block(first_line, whole[:cut], end)
                first_line += whole.count(b"\n", 0, cut)
            rest = whole[cut:]
    if rest:
        yield Block(first_line, rest, end)
