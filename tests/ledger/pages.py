"""Where in a SQLite file the columns of a table's rows stand: a reader of the file format, for tests.

It reads what the tests need: tables whose rows fit their page, and no freed space.
See https://www.sqlite.org/fileformat2.html, sections 1.6 and 2.
"""

import sqlite3
from typing import NamedTuple

INTERIOR, LEAF = 0x05, 0x0D
FILE_HEADER_BYTES = 100
INTEGER_BYTES = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)
FIRST_TEXT_OR_BLOB = 12


class Part(NamedTuple):
    """A part of a row as bytes `[start, end)` of the file: a column, `rowid`, or `header`."""

    rowid: int
    name: str
    start: int
    end: int


def parts(path, table):
    """Every part of every row, in the order of the file's tree."""
    connection = sqlite3.connect(path)
    (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    connection.close()
    data = path.read_bytes()
    return [part for cell in _cells(data, root) for part in _parts(data, cell, names)]


def _cells(data, page):
    size = int.from_bytes(data[16:18], "big")
    base = (page - 1) * size
    header = base + (FILE_HEADER_BYTES if page == 1 else 0)
    kind, count = data[header], int.from_bytes(data[header + 3 : header + 5], "big")
    pointers = header + (12 if kind == INTERIOR else 8)
    cells = [
        base + int.from_bytes(data[at : at + 2], "big") for at in range(pointers, pointers + 2 * count, 2)
    ]
    if kind == LEAF:
        yield from cells
        return
    assert kind == INTERIOR
    for child in (*cells, header + 8):
        yield from _cells(data, int.from_bytes(data[child : child + 4], "big"))


def _parts(data, cell, names):
    length, rowid_start = _varint(data, cell)
    rowid, header_start = _varint(data, rowid_start)
    header_length, at = _varint(data, header_start)
    yield Part(rowid, "rowid", rowid_start, header_start)
    yield Part(rowid, "header", header_start, header_start + header_length)
    start = header_start + header_length
    for name in names:
        serial, at = _varint(data, at)
        end = start + (
            (serial - FIRST_TEXT_OR_BLOB) // 2 if serial >= FIRST_TEXT_OR_BLOB else INTEGER_BYTES[serial]
        )
        yield Part(rowid, name, start, end)
        start = end
    assert start == header_start + length, "the row does not fit its page"


def _varint(data, at):
    value = 0
    for place in range(at, at + 8):
        value = value << 7 | data[place] & 0x7F
        if data[place] < 0x80:
            return value, place + 1
    return value << 8 | data[at + 8], at + 9
