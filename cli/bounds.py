"""What a file may hold at most: no file costs more than seconds and some hundred megabytes.

docs/lead-files.md tells each of them, and a test compares. They are far above what people write;
what goes beyond is refused with a text that names the bound.
"""

CELL_BYTES_MAX = 64 * 1024
ROW_BYTES_MAX = 1024 * 1024
"""As many as a record may have; a row that has more of them as JSON is told as well."""
ROW_LINES_MAX = 200
LINES_ABOVE_HEADER_MAX = 20
COLUMNS_MAX = 1_000

UNPACKED_BYTES_MAX = 200_000_000
"""Of a workbook, all parts together."""
SHEET_ROWS_MAX = 1_048_576
"""As many as a sheet can have; a file may claim more."""
SHEET_CELLS_MAX = 2_000_000
PART_ELEMENTS_MAX = 500_000
"""XML elements of each part of a workbook that is neither the sheet nor the table of its texts, and
of a sheet beside its rows and cells."""
TAG_BYTES_MAX = 1024 * 1024
"""Of what a parser has to see whole: a longer tag or comment is looked through again with each
chunk that comes, and 20 MB of one take a minute."""

DOCUMENT_BYTES_MAX = 32_000_000
YAML_CHARACTERS_MAX = 8_000_000
"""Few values may be long ones: each million characters takes over a second."""
DOCUMENT_NODES_MAX = 120_000
"""In all documents of a file, with each alias counted as what it stands for. A list may have
100,000 entries."""
DOCUMENT_DEPTH_MAX = 50
