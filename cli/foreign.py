"""Files of other kinds than what is wanted, known by how they begin.

Whoever gives one is told what it is, instead of what a reader of another format stumbled over.
"""

START_BYTES = 4096
ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06")
FOREIGN_SIGNATURES = {
    b"\xd0\xcf\x11\xe0": "an old XLS workbook or one with a password; save it as XLSX without one",
    b"%PDF": "a PDF",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"GIF8": "an image",
    b"\x1f\x8b": "a gzip archive",
    b"<": "HTML or XML",
}


def foreign_kind(content: bytes) -> str | None:
    start = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    kinds = FOREIGN_SIGNATURES.items()
    return next((kind for signature, kind in kinds if start.startswith(signature)), None)
