"""Workbooks as other programs write them: made by the library, with XML that it would not write."""

import zipfile
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import openpyxl

from cli.workbook_parts import STRICT, STRICT_NAMES, TRANSITIONAL

SHEET = "xl/worksheets/sheet1.xml"
TEXTS = "xl/sharedStrings.xml"


def saved(*rows: Sequence[Any], more_sheets: Sequence[str] = ()) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for name in more_sheets:
        book.create_sheet(name).append(["Ref", "Other"])
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def edited(content: bytes, before: str, after: str, part: str = SHEET) -> bytes:
    """The XML of the sheet or another part, as other programs write it."""
    file = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            inner = old.read(name)
            if name == part:
                assert before.encode() in inner
                inner = inner.replace(before.encode(), after.encode())
            new.writestr(name, inner)
    return file.getvalue()


def archive(**parts: bytes) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name, part in parts.items():
            new.writestr(name, part)
    return file.getvalue()


def with_formula(cell: str) -> bytes:
    """A workbook of one row whose second cell is given as XML."""
    return edited(
        saved(["Ref", "Note"], ["R-1", 7], ["R-2", 8]), '<c r="B2" t="n"><v>7</v></c>', cell
    )


def with_texts(content: bytes, texts: str) -> bytes:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    named = f'<Override PartName="/{TEXTS}" ContentType="{kind}"/></Types>'
    content = edited(content, "</Types>", named, "[Content_Types].xml")
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return part(content, TEXTS, f'<sst xmlns="{namespace}">{texts}</sst>'.encode())


def part(content: bytes, name: str, inner: bytes) -> bytes:
    """A workbook with one part that is something else, or new."""
    file = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(content)) as old,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        new.writestr(name, inner)
        for each in old.namelist():
            if each != name:
                new.writestr(each, old.read(each))
    return file.getvalue()


def strict(content: bytes) -> bytes:
    """As saved under "Strict Open XML"."""
    file = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            for strict_name, usual in STRICT_NAMES.items():
                part = part.replace(TRANSITIONAL + usual, STRICT + strict_name)
            new.writestr(name, part)
    return file.getvalue()


def sheets(**states: str) -> bytes:
    """Each with its own name as the reference of its only row; the last one is active."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, state in states.items():
        sheet = book.create_sheet(name)
        sheet.append(["Ref"])
        sheet.append([name])
        sheet.sheet_state = state
    book._active_sheet_index = len(states) - 1
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def sheet_of(rows: bytes) -> bytes:
    namespace = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    header = b'<row r="1"><c r="A1" t="inlineStr"><is><t>Ref</t></is></c></row>'
    inner = b'<worksheet xmlns="%s"><sheetData>%s%s</sheetData></worksheet>'
    return part(saved(["Ref"]), SHEET, inner % (namespace, header, rows))


def rows_with(count: int, cell: bytes) -> bytes:
    return b"".join(b'<row r="%d">%s</row>' % (at, cell % at) for at in range(2, count + 2))
