"""The figures of a run as people see them."""

from collections.abc import Iterable, Mapping
from typing import Any

from cli.demo.checks import OUTCOMES
from cli.demo.evidence import Row
from cli.output import show_table

CODES_SHOWN = 4


def show_tables(done: Mapping[str, Any]) -> None:
    backend = done["backend"]
    print(f"kafka {backend['kafka']}, mongo {backend['mongo']}\n")
    show_table("affiliates", ["id", "submitted", *OUTCOMES], done["affiliates"])
    counted = [{"reason": code, "leads": count} for code, count in done["reasons"].items()]
    show_table("\nreasons", ["reason", "leads"], counted)
    show("\ndeliveries as announced", done["announced"])
    show("\nalias added", [done["alias"]])
    show("\norganic leads", [done["organic"]])
    campaigns = [row | {"unsent": list_text(row["unsent"])} for row in done["campaigns"]]
    show_table("\ncampaigns", ["id", "version", "sent", "unsent"], campaigns)
    show("\nsold exclusively", done["exclusive"])
    show("\nopened: previewed, then sent", done["preview"])
    weekly = [row | {"countries": list_text(row["countries"])} for row in done["weekly"]]
    show("\nsend day", weekly)
    show("\ntraces followed from upload to request", [done["traces"]])
    show_table("\nsent by hand", ["lead", "campaign", "by", "reason", "code"], done["by_hand"])
    watched = [row | {"codes": shorten(row["codes"])} for row in done["watch"]]
    show("\nraised after a day: three or more unsent", watched)
    why_not = [row | {"why": why(row["failing"])} for row in done["why_not"]]
    show_table("\nwhy not sent", ["kind", "lead", "campaign", "version", "why"], why_not)
    show("\ndeliveries", [done["deliveries"]])
    show("\npending", [done["pending"]])
    speed = {"leads per second": done["leads_per_second"], "wall seconds": done["wall_seconds"]}
    speed |= {f"{name} ms": value for name, value in done["latency_ms"].items()}
    show("\nupload to receipt", [speed])
    if done["not_shown"]:
        print(f"\nnot shown this time: {', '.join(done['not_shown'])}")
    print("\nthe sums hold" if done["ok"] else "\nthe sums DON'T hold:")
    for text in done["violations"]:
        print(f"  {text}")


def show(title: str, rows: list[Row]) -> None:
    show_table(title, list(rows[0]) if rows else ["nothing"], rows)


def list_text(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def shorten(codes: list[str]) -> str:
    more = len(codes) - CODES_SHOWN
    return ", ".join(codes[:CODES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def why(failing: Iterable[Row]) -> str:
    return "; ".join(
        f"{each['code']} ({each['value']}, expected {' '.join(each['expected']) or '-'}): "
        f"{each['text']}; {each['who']}: {each['how']}"
        for each in failing
    )
