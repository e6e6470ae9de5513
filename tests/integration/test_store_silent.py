"""A store whose engine has given up: it lives, answers pings, and does nothing else any more."""

import resource
import sys
from functools import partial
from pathlib import Path

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from deploy.local import backends
from deploy.local.backend import NativeBackend
from deploy.local.kept import Kept
from deploy.local.process import StackError, wait_for
from deploy.local.questions import Patience, Questions

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]

IMPATIENT = Patience(ask_seconds=0.2, answer_seconds=5, silent_seconds=1)
NO_LONGER_FILES = ["bash", "-c", 'trap "" XFSZ; exec "$@"', "store"]
"""Too long a file is an error of the write, as with a full disk, and no signal."""


@pytest.fixture
def store(tmp_path: Path) -> NativeBackend:
    try:
        chosen = backends.choose_store(tmp_path)
    except StackError as error:
        pytest.skip(str(error))
    if not isinstance(chosen, NativeBackend) or sys.platform != "linux":
        pytest.skip(f"{chosen.name} is no process of ours whose files can be limited")
    chosen.command = [*NO_LONGER_FILES, *chosen.command]
    return chosen


def fill(store: NativeBackend) -> None:
    """From now on no file may grow; writes until one fails."""
    assert store.process
    resource.prlimit(store.process.pid, resource.RLIMIT_FSIZE, (4096, 4096))
    client: MongoClient[dict[str, object]] = MongoClient(store.address, socketTimeoutMS=5000)
    with client, pytest.raises(PyMongoError):
        for number in range(10_000):
            client.test.rows.insert_one({"_id": number, "data": b"x" * 50_000})


def test_a_store_that_can_write_no_more_is_killed_and_comes_back_with_its_data(
    store: NativeBackend,
) -> None:
    """It would not mend itself, however much room there is again."""
    kept = Kept("store", store, ask=partial(Questions, patience=IMPATIENT))
    kept.launch()
    try:
        assert kept.questions
        wait_for("the store", 60, kept.questions.was_answered)
        client: MongoClient[dict[str, object]] = MongoClient(store.address)
        with client:
            client.test.kept.insert_one({"_id": 1})
            fill(store)
            wait_for("another store", 60, lambda: kept.tick() or kept.restarts > 0)
            wait_for("the store", 60, store.answers)
            assert [{"_id": 1}] == list(client.test.kept.find())
    finally:
        kept.end()
        store.kill()
