"""The CSV files of administrative units, read row by row (schemas/places/README.md)."""

import csv
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path

from app.errors import Misconfigured


def rows(path: Path, needed: tuple[str, ...], extra: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the columns `needed` and then `extra` of each row as text; a column of `extra` the file lacks is "".

    At least two columns are asked for. Raises Misconfigured if the file cannot be read or lacks a column.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            yield from _picked(path, csv.reader(file), needed, extra)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise broken(path, "a readable CSV file in UTF-8", "tệp CSV đọc được, mã UTF-8") from error


def broken(path: Path, en: str, vi: str) -> Misconfigured:
    """Make the error that says which file of units cannot be used, and what was expected of it, in both languages."""
    return Misconfigured.of(
        f"The file of administrative units schemas/places/{path.name} cannot be used. Expected: {en}.",
        f"Không dùng được tệp đơn vị hành chính schemas/places/{path.name}. Cần: {vi}.",
    )


def _picked(
    path: Path, lines: Iterator[list[str]], needed: tuple[str, ...], extra: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    header = next(lines, [])
    if missing := [column for column in needed if column not in header]:
        raise broken(path, f"the columns {', '.join(missing)}", f"các cột {', '.join(missing)}")
    # A column that is not there is read from an empty cell appended to every row.
    pick = itemgetter(*(header.index(column) if column in header else -1 for column in needed + extra))
    for number, line in enumerate(lines, 2):
        if len(line) != len(header):
            raise broken(path, f"{len(header)} columns in row {number}", f"{len(header)} cột ở dòng {number}")
        line.append("")
        yield pick(line)
