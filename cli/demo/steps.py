"""What the people of the main job do: an operator sets up and mends, an affiliate uploads."""

from pathlib import Path
from typing import Any

from cli.api import Api
from cli.apply_commands import put
from cli.command import Answer, Asker, Command, record_of
from cli.demo.evidence import Row, read_lines
from cli.documents import read_files
from cli.import_commands import known_affiliate, submit
from cli.importing import Row as FileRow
from cli.importing import Upload, reference_field, rows_of
from cli.output import CHECK_FAILED, CliError, progress
from cli.publishing import ask, put_in_log
from cli.set_aside_commands import Item, items_of, resolve
from deploy import quiet, stack
from deploy.files import var_dir
from deploy.sample import generate
from shared.contracts.operations import replay_type, skip_type
from shared.loop.log import Outgoing

AFFILIATE = "infuse-media"
ASKER = Asker("demo")
SAMPLE = Path(generate.__file__).parent
AGAIN = 500
BAD_ROWS = ["only,two\r\n", 'P-0,"a quote that is never closed\r\n']
DRAIN_SECONDS = 120


def operate(rows: int, seed: int) -> tuple[Row, Row]:
    """Everything; what was counted before a part was imported again, and after, when broken records
    had come too: neither may change anything."""
    apply_samples()
    whole, part = write_files(rows, seed)
    upload(whole)
    drain()
    before = counted()
    progress(f"importing {AGAIN} of the same rows again")
    upload(part)
    *_, last = generate.rows(rows + 1, seed)
    items = publish_broken(last)
    after = counted()
    mend(last, items)
    return before, after


def apply_samples() -> None:
    names = [str(SAMPLE / name) for name in ("affiliates.yaml", "campaigns.yaml")]
    rows = put(read_files(names, {"RECEIVER": stack.stack()["receiver"]}), ASKER)
    expect(all(row["result"] == "created" for row in rows), f"applying went wrong: {rows}")
    progress(f"applied {len(rows)} affiliates and campaigns")


def write_files(rows: int, seed: int) -> tuple[Path, Path]:
    """The upload, with two bad rows, and a part of it to be uploaded again."""
    folder = var_dir() / "sample"
    folder.mkdir(parents=True, exist_ok=True)
    whole, part = folder / f"{AFFILIATE}.csv", folder / f"{AFFILIATE}-again.csv"
    generated = generate.rows(rows, seed)
    for path, some in ((whole, generated), (part, generated[:AGAIN])):
        with path.open("w", encoding="utf-8", newline="") as file:
            generate.write(some, file)
    with whole.open("a", encoding="utf-8", newline="") as file:
        file.writelines(BAD_ROWS)
    return whole, part


def upload(file: Path) -> None:
    with Api() as api:
        field = reference_field(known_affiliate(api, AFFILIATE))
    progress(f"importing {file}")
    done = submit(Upload(AFFILIATE), rows_of(file.read_bytes(), field), ASKER)
    for bad in done["bad"]:
        progress(f"  line {bad['line']}: {bad['reason']}: {bad['text']}")
    told = ("submitted", "accepted", "unusable", "refused", "bad_rows")
    progress("  " + ", ".join(f"{done[name]} {name}" for name in told))


def drain() -> None:
    """What is left after the limit is told by the checks, which see it as pending."""
    progress("waiting until nothing is left to do")
    try:
        quiet.wait_quiet(DRAIN_SECONDS)
    except quiet.NotDrained as error:
        progress(f"  {error}")


def counted() -> Row:
    with Api() as api:
        counts = {service: api.get(service, "/counts") for service in ("intake", "routing")}
    return counts | {"received": len(read_lines(var_dir() / "received.jsonl"))}


def publish_broken(last: Row) -> list[Item]:
    """A submission cut short, a header that is no text, a type that nobody knows: the first two are
    set aside, the last is refused."""
    whole = submission(last)
    cut = Command(whole.type, whole.data[: len(whole.data) // 2], whole.key)
    unknown = Command("leadops.intake.lead.dance.v1", b"{}", "demo")
    put_in_log([with_bad_header(Command(whole.type, whole.data, "demo"))])
    answers = ask([cut, unknown], ASKER)
    refused = {cut.id: "set_aside", unknown.id: "unknown_command"}
    expect(
        refused == {id: answer.code for id, answer in answers.items()},
        f"broken records were answered with {answers}",
    )
    drain()
    with Api() as api:
        items = items_of(api, state="set_aside")
    for item in items:
        progress(f"set aside: {item['id']}: {item['code']}: {item['text']}")
    return items


def submission(row: Row) -> Command:
    with Api() as api:
        field = reference_field(known_affiliate(api, AFFILIATE))
    return Upload(AFFILIATE).command(FileRow(0, row[field], row))


def with_bad_header(command: Command) -> Outgoing:
    now = quiet.now()
    record = record_of(command, ASKER, now)
    headers = [*record.headers, ("x-note", b"\xff\xfe")]
    return Outgoing(record.topic, record.partition, record.key, record.value, headers)


def mend(last: Row, items: list[Item]) -> None:
    """One is replayed with what it should have been, the other is given up."""
    codes = sorted(item["code"] for item in items)
    expect(codes == ["header_not_utf8", "invalid"], f"set aside were {codes}")
    for item in items:
        answer = replayed(item, last) if item["code"] == "invalid" else skipped(item)
        expect(answer.accepted, f"{item['id']} could not be resolved: {answer.code} {answer.text}")
    progress("one was replayed with its value corrected, the other skipped")
    drain()


def replayed(item: Item, last: Row) -> Answer:
    data: dict[str, Any] = {"id": item["id"], "value": submission(last).data.decode()}
    return resolve(item, replay_type(item["service"]), data, ASKER)


def skipped(item: Item) -> Answer:
    data = {"id": item["id"], "reason": "broken on purpose"}
    return resolve(item, skip_type(item["service"]), data, ASKER)


def expect(holds: bool, text: str) -> None:
    if not holds:
        raise CliError("demo", text, CHECK_FAILED)
