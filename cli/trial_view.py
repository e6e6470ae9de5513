"""What trying a file came to, for a person: rows field by field, then the whole file in figures."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cli.column_counts import shorten
from cli.explain_commands import with_spaces
from cli.output import show_further, show_paragraph
from shared.wording import quantity

COUNTS = ["column", "field", "filled", "read", "unknown"]
EXAMPLES = ["column", "read"]
UNKNOWN = ["column", "rows", "why", "such as"]
GIVEN_LENGTH_MAX = 200
NOT_ASKED = "not_asked: answers to what no question of the lead's category asks"
UNREAD = "(in no mapping)"
FORESEEN = (
    "As things stand now, and of each lead by itself. What others upload meanwhile, and which lead "
    "gets a campaign's last slots, is decided only when the file is imported."
)

Json = Mapping[str, Any]


def show_row(row: Json) -> None:
    show_paragraph(f"line {row['line']}, {row['reference']}: {headline(row)}")
    for text in fields_of(row["fields"]):
        show_paragraph(text, 1)
    for text in (*reasons_of(row), *campaigns_of(row["campaigns"])):
        show_paragraph(text, 1)
    print()


def headline(row: Json) -> str:
    answer = row["answer"]
    if answer["details"].get("repeated"):
        return f"{row['outcome']}, unchanged: it was imported before, the same"
    if row["outcome"] == "refused":
        return f"refused, {answer['code']}: {answer['text']}"
    return str(row["outcome"]) if row["is_new"] else f"{row['outcome']}, as the lead that it is"


def fields_of(views: Iterable[Json]) -> Iterator[str]:
    blank = []
    for view in views:
        if view["state"] == "blank" and not view["code"]:
            blank.append(view["field"])
        else:
            yield field_text(view)
    if blank:
        yield f"blank: {', '.join(blank)}"


def field_text(view: Json) -> str:
    """What was read, where it stands, and as what it was read; or why nothing was."""
    if view["state"] == "read":
        return f"{view['field']}: {view['value']}{place_of(view)}, read as {view['rule']}"
    why = ": ".join(filter(None, (view["code"], view["text"])))
    state = with_spaces(view["state"])
    return f"{view['field']}: {state}{place_of(view)}{f', {why}' if why else ''}"


def place_of(view: Json) -> str:
    """The column, with what is written there if that is not what was read."""
    if view["column"] is None:
        return ""
    text = shorten(view["given"], GIVEN_LENGTH_MAX).strip()
    is_as_read = text == (view["value"] or "")
    return f" ({view['column']})" if is_as_read else f" ({view['column']}: {text})"


def reasons_of(row: Json) -> Iterator[str]:
    """Those that no field tells, such as a duplicate."""
    codes = {view["code"] for view in row["fields"]}
    for reason in row["reasons"]:
        if reason["code"] not in codes:
            yield f"{reason['code']}: {reason['text']}"


def campaigns_of(matched: Json | None) -> Iterator[str]:
    if matched is None:
        return
    order = ", in this order, the first that can take it" if matched["is_exclusive"] else ""
    candidates = ", ".join(map(candidate_text, matched["candidates"]))
    yield f"campaigns that would want it{order}: {candidates or 'none'}"
    for other in matched["others"]:
        yield f"not {other['campaign']}: {'; '.join(failing_texts(other))}"
    if more := matched["others_left_out"]:
        yield f"and not {quantity(more, 'other campaign')} of its way"


def candidate_text(candidate: Json) -> str:
    day = candidate["sends_at"]
    return f"{candidate['campaign']}{f' (sends on {day[:10]})' if day else ''}"


def failing_texts(other: Json) -> Iterator[str]:
    for failing in other["failing"]:
        rule = f" by {failing['rule']}" if failing["rule"] else ""
        value = f" (it is {failing['value']})" if failing["value"] else ""
        yield f"{failing['code']}{rule}{value}"
    if more := other["failing_left_out"]:
        yield f"and {quantity(more, 'check')} more"


def show_columns(columns: Iterable[Json]) -> None:
    rows = [{**each, "field": each["field"] or UNREAD} for each in columns]
    has_answers = any(each["not_asked"] for each in rows)
    show_further("columns", [*COUNTS, *(["not_asked"] if has_answers else [])], rows)
    if has_answers:
        show_paragraph(NOT_ASKED)
    examples = [example_row(each) for each in rows if each["examples"]]
    show_further("examples of what is read", EXAMPLES, examples)
    if unknown := [row for each in rows for row in unknown_rows(each)]:
        show_further("what stays unknown, and why", UNKNOWN, unknown)


def example_row(column: Json) -> Json:
    read = [
        one["given"] if one["value"] in ("", one["given"]) else f"{one['given']} → {one['value']}"
        for one in column["examples"]
    ]
    return {"column": name_of(column), "read": "; ".join(read)}


def unknown_rows(column: Json) -> Iterator[Json]:
    """The most frequent reason first."""
    for why in sorted(column["unknown_why"], key=lambda why: -why["rows"]):
        yield {
            "column": name_of(column),
            "rows": why["rows"],
            "why": why["text"],
            "such as": "; ".join(why["examples"]),
        }


def name_of(column: Json) -> str:
    """A field that the upload as a whole tells has no column."""
    return str(column["column"] or column["field"])


def show_figures(done: Json) -> None:
    """Of all rows: why leads are not accepted, and who would want those that are."""
    if done["reasons"]:
        rows = [{"reason": code, "rows": count} for code, count in done["reasons"].items()]
        show_further("reasons", ["reason", "rows"], rows)
    campaigns = [{"campaign": name, "leads": count} for name, count in done["campaigns"].items()]
    show_further("campaigns that would want them", ["campaign", "leads"], campaigns)
    if done["unwanted"]:
        print(f"wanted by none: {quantity(done['unwanted'], 'lead')}")
    print()
    show_paragraph(FORESEEN)
