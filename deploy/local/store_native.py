"""A store as a plain process: MongoDB's own server if it is installed, else SecantusDB.

Both speak MongoDB's protocol and hold one-node replica sets, since transactions need one.
SecantusDB gets an environment of its own: it is a separate program, never a dependency of ours.
"""

import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from deploy.files import cache_dir, hold_lock
from deploy.local.backend import NativeBackend
from deploy.local.health import initiate_replica_set, port_open, store_answers
from deploy.local.process import StackError, progress

LOCK = Path(__file__).parent / "native" / "secantusdb.lock"


def native_store(state: Path, port: int) -> NativeBackend:
    state.mkdir(parents=True, exist_ok=True)
    url = f"mongodb://127.0.0.1:{port}/?directConnection=true"
    if shutil.which("mongod"):
        return mongod(state, port, url)
    return secantusdb(state, port, url)


def mongod(state: Path, port: int, url: str) -> NativeBackend:
    data = state / "mongod"
    data.mkdir(exist_ok=True)
    flags = {"port": port, "dbpath": data, "bind_ip": "127.0.0.1", "replSet": "leadops"}
    command = ["mongod", "--wiredTigerCacheSizeGB", "0.5"]
    for name, value in flags.items():
        command += [f"--{name}", str(value)]

    def check() -> bool:
        if not port_open("127.0.0.1", port):
            return False
        initiate_replica_set(port)
        return store_answers(url)

    return NativeBackend(f"mongod {mongod_version()}", url, command, state / "store.log", check)


def mongod_version() -> str:
    banner = subprocess.run(["mongod", "--version"], capture_output=True, text=True, timeout=10)
    return banner.stdout.partition("\n")[0].removeprefix("db version v")


def secantusdb(state: Path, port: int, url: str) -> NativeBackend:
    """Without --sync-on-commit it loses acknowledged commits when it is killed."""
    program = install() / "bin" / "secantusd-rs"
    where = ["--host", "127.0.0.1", "--port", str(port)]
    # Recovery zeroes whole log files: with the default of 2 GB a restart takes 14 s.
    data = ["--storage-path", str(state / "secantusdb"), "--log-file-max", "128MB"]
    # It takes what the data need. With 512M the first insert of a transaction takes over two
    # minutes when half a million leads lie behind it.
    command = [str(program), *where, *data, "--sync-on-commit", "--cache-size", "2G"]
    check = partial(answers, port, url)
    return NativeBackend(f"secantusdb {version()}", url, command, state / "store.log", check)


def answers(port: int, url: str) -> bool:
    return port_open("127.0.0.1", port) and store_answers(url)


def version() -> str:
    return LOCK.read_text().split()[0].partition("==")[2]


def install() -> Path:
    target = cache_dir() / f"secantusdb-{version()}"
    with hold_lock(cache_dir() / "secantusdb.lock"):
        if not (target / "complete").exists():
            make_environment(target)
    return target


def make_environment(target: Path) -> None:
    """Scripts of an environment name its path, so it is made in place and marked when complete."""
    progress(f"installing SecantusDB {version()} (once, a few seconds)")
    shutil.rmtree(target, ignore_errors=True)
    run([sys.executable, "-m", "venv", str(target)])
    install_locked = ["install", "-q", "--no-deps", "--require-hashes", "-r", str(LOCK)]
    with tempfile.TemporaryDirectory() as elsewhere:
        run([str(target / "bin" / "python"), "-m", "pip", *install_locked], cwd=elsewhere)
    (target / "complete").touch()


def run(command: list[str], cwd: str | None = None) -> None:
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=cwd)
    if result.returncode:
        raise StackError(f"SecantusDB could not be installed:\n{result.stderr[-1500:]}")
