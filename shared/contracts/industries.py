"""Industries by LinkedIn's codes, under the labels of both of its lists, with what lies above them.

The flat list (V1) and the tree that came in 2022 (V2) share numbers but not names, and affiliates
send either. The table is not complete: a code that it does not hold is one nevertheless, and where
it does not know the code of what lies above, the way up ends.
"""

import re
from collections.abc import Mapping

# A code, the code above it, and its labels in V1 and V2.
TABLE: tuple[tuple[str, str | None, tuple[str, ...]], ...] = (
    ("4", "6", ("Computer Software", "Software Development")),
    ("5", "4", ("Computer Networking", "Computer Networking Products")),
    ("6", "1594", ("Internet", "Technology, Information and Internet")),
    ("8", None, ("Telecommunications",)),
    ("11", "1810", ("Management Consulting", "Business Consulting and Services")),
    ("12", None, ("Biotechnology", "Biotechnology Research")),
    ("15", "54", ("Pharmaceuticals", "Pharmaceutical Manufacturing")),
    ("17", "25", ("Medical Devices", "Medical Equipment Manufacturing")),
    ("41", None, ("Banking",)),
    ("47", "1810", ("Accounting",)),
    ("53", None, ("Automotive", "Motor Vehicle Manufacturing")),
    ("54", None, ("Chemical Manufacturing",)),
    ("80", "1810", ("Marketing and Advertising", "Advertising Services")),
    ("96", "1810", ("Information Technology & Services", "IT Services and IT Consulting")),
    ("118", "96", ("Computer & Network Security", "Computer and Network Security")),
    ("1285", "6", ("Internet Marketplace Platforms",)),
    ("1862", "11", ("Marketing Services",)),
    ("3130", "4", ("Data Security Software Products",)),
    # The top of V2.
    ("14", None, ("Hospital & Health Care", "Hospitals and Health Care")),
    ("25", None, ("Manufacturing",)),
    ("27", None, ("Retail",)),
    ("28", None, ("Entertainment Providers",)),
    ("43", None, ("Financial Services",)),
    ("48", None, ("Construction",)),
    ("59", None, ("Utilities",)),
    ("75", None, ("Government Administration",)),
    ("91", None, ("Consumer Services",)),
    ("116", None, ("Transportation, Logistics, Supply Chain and Storage",)),
    ("133", None, ("Wholesale",)),
    ("201", None, ("Farming, Ranching, Forestry",)),
    ("332", None, ("Oil, Gas, and Mining",)),
    ("1594", None, ("Technology, Information and Media",)),
    ("1757", None, ("Real Estate and Equipment Rental Services",)),
    ("1810", None, ("Professional Services",)),
    ("1905", None, ("Holding Companies",)),
    ("1912", None, ("Administrative and Support Services",)),
    ("1999", None, ("Education",)),
    ("2190", None, ("Accommodation Services",)),
)


_CODE = re.compile(r"[1-9][0-9]{0,4}")


def _above(code: str, parent_of: Mapping[str, str]) -> tuple[str, ...]:
    parent = parent_of.get(code)
    return (parent, *_above(parent, parent_of)) if parent else ()


_PARENT = {code: parent for code, parent, _ in TABLE if parent}
_PARENTS = {code: _above(code, _PARENT) for code in _PARENT}


def is_industry(code: str) -> bool:
    return _CODE.fullmatch(code) is not None


def parents(code: str) -> tuple[str, ...]:
    """What lies above the code, nearest first; nothing, where the table does not know."""
    return _PARENTS.get(code, ())
