"""Files of other kinds than what is wanted, known by how they begin, or by what an archive holds.

Whoever gives one is told what it is, instead of what a reader of another format stumbled over.
"""

from collections.abc import Sequence

START_BYTES = 4096
ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06")
FOREIGN_SIGNATURES = {
    b"\xd0\xcf\x11\xe0": "an old XLS workbook or one with a password; save it as XLSX without one",
    b"%PDF": "a PDF",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"GIF8": "an image",
    b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"PAR1": "a Parquet file",
    b"SQLite format 3\0": "a database",
    b"{\\rtf": "an RTF document",
    b"<": "HTML or XML",
}


def foreign_kind(content: bytes) -> str | None:
    start = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    kinds = FOREIGN_SIGNATURES.items()
    return next((kind for signature, kind in kinds if start.startswith(signature)), None)


FOREIGN_PARTS = {
    "xl/workbook.bin": "an XLSB workbook; save it as XLSX",
    "content.xml": "an OpenDocument file (ODS); save it as XLSX or CSV",
    "Index/Document.iwa": "a Numbers document; export it as XLSX or CSV",
    "Index.zip": "a Numbers document; export it as XLSX or CSV",
    "word/document.xml": "a Word document",
    "ppt/presentation.xml": "a presentation",
}
CONTENT_TYPES = "[Content_Types].xml"
"""Each file of an office program has it."""


def foreign_archive(names: Sequence[str]) -> str | None:
    """What else than XLSX an archive is, by the names of what it holds."""
    if kind := next((kind for name, kind in FOREIGN_PARTS.items() if name in names), None):
        return kind
    if CONTENT_TYPES in names:
        return None
    return "a ZIP archive; unpack it and give what is inside" if names else None
