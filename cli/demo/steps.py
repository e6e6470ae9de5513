"""What happens in the main job, in its order: an operator sets up and mends, affiliates upload."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from cli.api import Api
from cli.apply_commands import put
from cli.columns import ExpectedColumns, reference_field
from cli.command import Answer, Asker, Command, record_of
from cli.dead_letter_commands import Item, items_of, resolve
from cli.demo import days, faults, opening, operators
from cli.demo.evidence import Row, Story
from cli.demo.holdings import held_leads
from cli.documents import Document, read_files
from cli.import_commands import known_affiliate, submit
from cli.importing import Row as FileRow
from cli.importing import Upload, rows_in, table_of
from cli.oracle.evidence import fold
from cli.output import CHECK_FAILED, CliError, progress
from cli.publishing import ask, demand, put_in_log
from cli.stack_records import read_lines
from deploy.files import var_dir
from deploy.local import quiet, stack
from deploy.sample import files, generate
from shared import wording
from shared.contracts.affiliates import AnnounceDelivery
from shared.contracts.intake import ConvertLead
from shared.contracts.operations import replay_type, skip_type
from shared.contracts.questions import AddAlias
from shared.loop.log import Outgoing

AFFILIATES = ("infuse-media", "technology-advice", "account-media", "s2w", "binary-demand")
AFFILIATE = AFFILIATES[0]
ASKER = Asker("demo")
SAMPLE = Path(generate.__file__).parent
SAMPLES = ("affiliates.yaml", "questions.yaml", "rules.yaml", "lists.yaml", "campaigns.yaml")
WEEKLY = "tern-weekly"
CONVERSIONS = 60
AGAIN = 300
BAD_ROWS = [f"P-0{',' * 40}cells too many\r\n", 'P-0,"a quote that is never closed\r\n']
MONTH, DELIVERY = "2026-03", "march"
LEADS_MAX = 100_000
NEVER_COME = ("P-lost-1", "P-lost-2", "P-lost-3")
"""Announced by the first affiliate, and not in its file."""


def operate(rows: int, seed: int) -> Story:
    """Everything, from setting up to the send day."""
    days.begin()
    ahead, each = days.ahead_seconds(), rows // len(AFFILIATES)
    apply_samples()
    faults.begin()
    lines = upload_all(each, seed)
    faults.end()
    before, after, alias = again(each, seed)
    first, second = halves(generate.conversions(CONVERSIONS, seed))
    convert(first)
    why = operators.why_not()
    by_hand = operators.by_hand(WEEKLY, why)
    # After a day deliveries are reconciled, and what is unsent of them is raised.
    days.later(timedelta(hours=25))
    watched_at = quiet.now().isoformat()
    convert(second)
    freed = [opening.open_category(document("campaign", opening.OPENED)), opening.approve()]
    lines_before = lines_received()
    days.jump(days.next_at(days.THURSDAY, days.SEND_DAY))
    return Story(
        before=before,
        after=after,
        alias=alias,
        ahead_seconds=ahead,
        lines_of_the_import=lines,
        converted=[each["reference"] for each in (*first, *second)],
        why_not=why,
        by_hand=by_hand,
        watched_at=watched_at,
        freed=freed,
        lines_before_the_send_day=lines_before,
    )


def upload_all(each: int, seed: int) -> int:
    """How many requests customers got for it."""
    announce(each, seed)
    for affiliate in AFFILIATES:
        upload(affiliate, write_file(affiliate, each, seed))
    progress("waiting until nothing is left to do")
    days.drain()
    return lines_received()


def again(each: int, seed: int) -> tuple[Row, Row, Row]:
    """Rows that came before, and broken records: what was counted before and after them. Then what
    is broken is mended, and what is held for an answer is freed by an alias."""
    before = outcome_counts()
    same = generate.rows(min(AGAIN, each), seed)
    progress(f"importing {len(same)} of the same rows again")
    upload(AFFILIATE, files.save(same, AFFILIATE, folder() / "again"))
    *_, last = generate.rows(each + 1, seed)
    items = publish_broken(last)
    after = outcome_counts()
    mend(last, items)
    return before, after, free_a_batch()


def apply_samples() -> None:
    rows = put([one for name in SAMPLES for one in documents(name)], ASKER)
    wrong = [row for row in rows if row["result"] != "created"]
    expect(not wrong, f"applying went wrong: {wrong}")
    kinds = Counter(row["kind"] for row in rows)
    progress("applied " + ", ".join(f"{kind}: {count}" for kind, count in kinds.items()))


def documents(name: str) -> list[Document]:
    return read_files([str(SAMPLE / name)], {"RECEIVER": stack.stack()["receiver"]})


def document(kind: str, id: str) -> Row:  # noqa: A002
    """As it stands in the sample's files."""
    [found] = [each for each in contents(f"{kind}s.yaml") if each["id"] == id]
    return found


def contents(name: str) -> list[Row]:
    return [
        {field: value for field, value in each.content.items() if field != "kind"}
        for each in documents(name)
    ]


def lines_received() -> int:
    return len(read_lines(var_dir() / "received.jsonl"))


def halves(rows: Sequence[Row]) -> tuple[Sequence[Row], Sequence[Row]]:
    return rows[: len(rows) // 2], rows[len(rows) // 2 :]


def convert(conversions: Sequence[Row]) -> None:
    """People who converted on the operator's own site: leads without a lead code."""
    commands = [
        Command(ConvertLead.TYPE, json.dumps(each).encode(), f"organic:{each['reference']}")
        for each in conversions
    ]
    answers = ask(commands, ASKER).values()
    expect(all(answer.accepted for answer in answers), f"converting went wrong: {answers}")
    days.drain()
    progress(f"converted: {wording.quantity(len(commands), 'organic lead')}")


def announce(each: int, seed: int) -> None:
    """All announce what they send; the first also names its rows, three of which never come."""
    commands = [announcement(affiliate, each, seed) for affiliate in AFFILIATES]
    answers = ask(commands, ASKER).values()
    expect(all(answer.accepted for answer in answers), f"announcing went wrong: {answers}")


def announcement(affiliate: str, each: int, seed: int) -> Command:
    definition = generate.affiliate_definition(affiliate)
    references: list[str] = []
    if affiliate == AFFILIATE:
        field = reference_field(definition)
        references = [*(row[field] for row in generate.rows(each, seed)), *NEVER_COME]
    data = {
        "affiliate": affiliate,
        "id": DELIVERY,
        "month": MONTH,
        "lead_code": definition["lead_codes"][0],
        "declared": len(references) or each,
        "references": references,
    }
    key = f"{affiliate}:{DELIVERY}"
    return Command(AnnounceDelivery.TYPE, json.dumps(data).encode(), key)


def folder() -> Path:
    return var_dir() / "sample"


def write_file(affiliate: str, count: int, seed: int) -> Path:
    """In the affiliate's own format; the first one's has two bad rows."""
    path = files.save(generate.rows(count, seed, affiliate), affiliate, folder())
    if affiliate == AFFILIATE:
        with path.open("a", encoding="utf-8", newline="") as file:
            file.writelines(BAD_ROWS)
    return path


def upload(affiliate: str, file: Path) -> None:
    with Api() as api:
        known = known_affiliate(api, affiliate)
    progress(f"importing {file}")
    expected = ExpectedColumns.of(known)
    with file.open("rb") as content:
        rows = rows_in(table_of(content, expected), expected)
        done = submit(Upload(affiliate, delivery=DELIVERY), rows, ASKER)
    for bad in done["bad"]:
        progress(f"  line {bad['line']}: {bad['reason']}: {bad['text']}")
    names = ("submitted", "accepted", "held", "unusable", "omitted", "unchanged", "bad_rows")
    progress("  " + ", ".join(f"{done[name]} {name}" for name in names))


def free_a_batch() -> Row:
    """The commonest near miss becomes an alias, which frees all that is held for it."""
    with Api() as api:
        held = [one for lead in held_leads(api) for one in lead["held"]]
    near = Counter(
        (one["question"], fold(one["given"]), one["suggestions"][0]["answer"])
        for one in held
        if one["suggestions"] and one["suggestions"][0]["near"]
    )
    expect(bool(near), "no held answer is a near miss")
    (question, given, answer), leads = near.most_common(1)[0]
    data = {"question": question, "given": given, "answer": answer}
    demand(Command(AddAlias.TYPE, json.dumps(data).encode(), question), ASKER)
    days.drain()
    with Api() as api:
        left = len(held_leads(api))
    progress(f"{given!r} now means {answer!r}: {len(held) - left} of {len(held)} held are free")
    return {**data, "leads": leads}


def outcome_counts() -> Row:
    with Api() as api:
        counts = {"intake": api.get("intake", "/counts"), "routing": campaign_counts(api)}
    return counts | {"received": lines_received()}


def campaign_counts(api: Api) -> list[Row]:
    """By all leads: there are so few that none has to stand for others."""
    return list(api.get("routing", "/counts", leads=LEADS_MAX, limit=1000)["campaigns"])


def publish_broken(last: Row) -> list[Item]:
    """A submission cut short, a header that is no text, data without its fields, a type that nobody
    knows: the first two are dead-lettered, the others are refused."""
    whole = submission(last)
    cut = Command(whole.type, whole.data[: len(whole.data) // 2], whole.key)
    invalid = Command(whole.type, b'{"record": []}', whole.key)
    unknown = Command("leadops.intake.lead.dance.v1", b"{}", "demo")
    put_in_log([with_bad_header(Command(whole.type, whole.data, "demo"))])
    answers = ask([cut, invalid, unknown], ASKER)
    refused = {cut.id: "dead_letter", invalid.id: "invalid", unknown.id: "unknown_command"}
    expect(
        refused == {id: answer.code for id, answer in answers.items()},
        f"broken records were answered with {answers}",
    )
    days.drain()
    with Api() as api:
        items = items_of(api, state="dead")
    progress(f"refused: {answers[invalid.id].code}: {answers[invalid.id].text}")
    for item in items:
        progress(f"dead letter: {item['id']}: {item['code']}: {item['text']}")
    return items


def submission(row: Row) -> Command:
    with Api() as api:
        field = reference_field(known_affiliate(api, AFFILIATE))
    upload = Upload(AFFILIATE, delivery=DELIVERY)
    return upload.command(FileRow(0, row[field], row))


def with_bad_header(command: Command) -> Outgoing:
    now = quiet.now()
    record = record_of(command, ASKER, now)
    headers = [*record.headers, ("x-note", b"\xff\xfe")]
    return Outgoing(record.topic, record.partition, record.key, record.value, headers)


def mend(last: Row, items: list[Item]) -> None:
    """One is replayed with what it should have been, the other is given up."""
    codes = sorted(item["code"] for item in items)
    expect(codes == ["header_not_utf8", "not_json"], f"dead letters were {codes}")
    for item in items:
        answer = replay_item(item, last) if item["code"] == "not_json" else skip_item(item)
        expect(answer.accepted, f"{item['id']} could not be resolved: {answer.code} {answer.text}")
    progress("one was replayed with its value corrected, the other skipped")
    days.drain()


def replay_item(item: Item, last: Row) -> Answer:
    data: dict[str, Any] = {"id": item["id"], "value": submission(last).data.decode()}
    return resolve(item, replay_type(item["service"]), data, ASKER)


def skip_item(item: Item) -> Answer:
    data = {"id": item["id"], "reason": "broken on purpose"}
    return resolve(item, skip_type(item["service"]), data, ASKER)


def expect(holds: bool, text: str) -> None:
    if not holds:
        raise CliError("demo", text, CHECK_FAILED)
