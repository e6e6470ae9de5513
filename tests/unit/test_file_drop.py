"""Leads as files: whole, below the drop folder, and nowhere else."""

import os
from pathlib import Path
from typing import Any

import pytest

from shared.loop.decision import Verdict
from shared.loop.effects import AttemptResult
from shared.loop.file_drop import FileDrop

DONE = (Verdict.DONE, "the file was written")
ELSEWHERE = (Verdict.REFUSED, "the folder is not one below the drop folder")
LINKED = (Verdict.REFUSED, "the folder is a link, or no folder")


def row(url: str, key: str = "key-1", body: bytes = b'{"lead": 1}') -> dict[str, Any]:
    return {"_id": key, "request": {"url": url, "body": body}}


async def drop(root: Path | None, url: str, **changes: Any) -> AttemptResult:
    drops = FileDrop(root)
    try:
        return await drops(row(url, **changes))
    finally:
        drops.close()


def files(root: Path) -> dict[str, bytes]:
    found = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


@pytest.mark.parametrize("url", ["file:north/leads", "file:north/leads/", "FILE:north%2Fleads"])
async def test_a_lead_is_a_file_named_by_its_key(tmp_path: Path, url: str) -> None:
    """In the folder that the address names, made if it is missing. Nothing else is left."""
    assert DONE == await drop(tmp_path, url)
    assert {"north/leads/key-1.json": b'{"lead": 1}'} == files(tmp_path)


async def test_the_same_key_again_is_the_same_file(tmp_path: Path) -> None:
    assert [DONE, DONE] == [await drop(tmp_path, "file:north") for _ in range(2)]
    assert ["north/key-1.json"] == list(files(tmp_path))


async def test_a_key_can_not_name_another_folder(tmp_path: Path) -> None:
    assert DONE == await drop(tmp_path, "file:north", key="../../up")
    assert ["north/..%2F..%2Fup.json"] == list(files(tmp_path))


@pytest.mark.parametrize(
    "url",
    [
        *(
            "file:",
            "file:/etc",
            "file:///etc",
            "file://host/etc",
            "file:a//b",
            "file:.",
            "file:a/.",
        ),
        *("file:..", "file:a/../b", "file:a/..", "file:%2e%2e/b", "file:%2Fetc", "file:a%00b"),
    ],
)
async def test_an_address_that_leads_elsewhere_is_refused(tmp_path: Path, url: str) -> None:
    root = tmp_path / "drop"
    root.mkdir()
    assert ELSEWHERE == await drop(root, url)
    assert {} == files(tmp_path)


async def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """Whoever can write below the drop folder can't make us write outside of it."""
    root, outside = tmp_path / "drop", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "north").symlink_to(outside)
    assert LINKED == await drop(root, "file:north")
    assert LINKED == await drop(root, "file:north/leads")
    assert {} == files(outside)


async def test_a_link_in_the_file_s_place_is_replaced(tmp_path: Path) -> None:
    root, outside = tmp_path / "drop", tmp_path / "outside.txt"
    (root / "north").mkdir(parents=True)
    outside.write_bytes(b"not ours")
    (root / "north" / "key-1.json").symlink_to(outside)
    assert DONE == await drop(root, "file:north")
    assert (b"not ours", False) == (
        outside.read_bytes(),
        (root / "north" / "key-1.json").is_symlink(),
    )


async def test_a_file_in_the_folder_s_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "north").write_bytes(b"")
    assert LINKED == await drop(tmp_path, "file:north")


async def test_a_disk_that_is_not_there_is_tried_again(tmp_path: Path) -> None:
    """The drop folder itself is never made: it may be a disk that is not mounted."""
    expected = (Verdict.NOT_TRIED, "the file could not be written: FileNotFoundError")
    assert expected == await drop(tmp_path / "missing", "file:north")
    assert {} == files(tmp_path)


async def test_without_a_drop_folder_nothing_is_written() -> None:
    assert (Verdict.NOT_TRIED, "no drop folder is configured") == await drop(None, "file:north")


async def test_a_disk_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "north").mkdir()

    def full(_descriptor: int) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr(os, "fsync", full)
    expected = (Verdict.NOT_TRIED, "the file could not be written: OSError")
    assert expected == await drop(tmp_path, "file:north")
    assert {} == files(tmp_path)


async def test_a_disk_that_fails_after_the_rename_may_hold_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody may have taken it already."""
    (tmp_path / "north").mkdir()
    results = iter([None, OSError(5, "input/output error")])

    def failing(_descriptor: int) -> None:
        if error := next(results):
            raise error

    monkeypatch.setattr(os, "fsync", failing)
    verdict, *_ = await drop(tmp_path, "file:north")
    assert Verdict.UNKNOWN == verdict
    assert ["north/key-1.json"] == list(files(tmp_path))
