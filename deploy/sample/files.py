"""Files as each affiliate saves them: the kinds that an import has to read.

A spreadsheet turns what looks like a number into one, and dates into cells of their own, so a file
may differ from its rows in letters, and never in what they mean.
"""

import csv
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import openpyxl

Row = dict[str, str]

DAY_ZERO = datetime(1899, 12, 30)
DATE_COLUMN = "TS"


def write_rows(rows: Sequence[Row], file: TextIO, delimiter: str = ",") -> None:
    names = list(rows[0]) if rows else []
    writer = csv.DictWriter(file, fieldnames=names, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)


def write_text(rows: Sequence[Row], path: Path, *, delimiter: str, encoding: str) -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        write_rows(rows, file, delimiter)


def write_workbook(rows: Sequence[Row], path: Path) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Leads")
    sheet.append(list(rows[0]) if rows else [])
    for number, row in enumerate(rows):
        sheet.append([cell(name, value, number) for name, value in row.items()])
    book.create_sheet("Notes").append(["Opt-ins on request"])
    book.save(path)


def cell(name: str, value: str, number: int) -> Any:
    """Of the dates every other is a date cell, the rest are the bare numbers behind them."""
    if name == DATE_COLUMN:
        serial = float(value)
        return serial if number % 2 else DAY_ZERO + timedelta(days=serial)
    return int(value) if value.isdecimal() and str(int(value)) == value else value or None


Write = Callable[[Sequence[Row], Path], None]

KINDS: dict[str, tuple[str, Write]] = {
    "infuse-media": ("csv", partial(write_text, delimiter=",", encoding="utf-8")),
    "technology-advice": ("csv", partial(write_text, delimiter=";", encoding="utf-8-sig")),
    "account-media": ("xlsx", write_workbook),
    "s2w": ("txt", partial(write_text, delimiter="\t", encoding="utf-8")),
    "binary-demand": ("csv", partial(write_text, delimiter=";", encoding="windows-1252")),
}


def save(rows: Sequence[Row], affiliate: str, directory: Path) -> Path:
    ending, write = KINDS[affiliate]
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{affiliate}.{ending}"
    write(rows, path)
    return path
