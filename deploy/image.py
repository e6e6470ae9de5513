"""The services' image, also where a build can't reach a package index: the host fetches, it copies.

Needed only there, such as behind a proxy with certificates of its own, which the host knows and a
container does not; elsewhere `docker compose up --build` alone does the same.
"""

import hashlib
import shutil
import subprocess
import sys

from deploy.files import CHECKOUT, hold_lock
from deploy.local.docker_engine import COMPOSE
from deploy.local.process import StackError, progress

LOCK = CHECKOUT / "deploy" / "image.lock"
WHEELS = CHECKOUT / "var" / "wheels"
PYTHON = "3.11"
# What the image's C library takes: Debian 12 has glibc 2.36.
MANYLINUX = ("manylinux2014", "manylinux_2_17", "manylinux_2_28", "manylinux_2_34")


def fetch_wheels() -> None:
    """For the image's Python and the engine's processor, whatever this machine's are."""
    processor = engine_processor()
    expected = f"{hashlib.sha256(LOCK.read_bytes()).hexdigest()} {processor}"
    marker = WHEELS / "complete"
    with hold_lock(CHECKOUT / "var" / "wheels.lock"):
        if marker.exists() and marker.read_text() == expected:
            return
        progress("fetching the image's packages (once)")
        shutil.rmtree(WHEELS, ignore_errors=True)
        run(download(processor), "the image's packages could not be fetched")
        marker.write_text(expected)


def engine_processor() -> str:
    """As wheels call it; engines answer x86_64 or amd64, aarch64 or arm64."""
    command = ["docker", "info", "--format", "{{.Architecture}}"]
    said = run(command, "no Docker engine answers").strip()
    return {"amd64": "x86_64", "arm64": "aarch64"}.get(said, said)


def download(processor: str) -> list[str]:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    checked = ["--no-deps", "--require-hashes", "--requirement", str(LOCK)]
    where = ["--only-binary", ":all:", "--implementation", "cp", "--python-version", PYTHON]
    platforms = [f"--platform={name}_{processor}" for name in MANYLINUX]
    return [*pip, *checked, *where, *platforms, "--dest", str(WHEELS)]


def build() -> None:
    run([*COMPOSE, "build"], "the image could not be built")


def run(command: list[str], failure: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, cwd=CHECKOUT)
    if done.returncode:
        raise StackError(f"{failure}:\n{done.stderr[-1500:]}")
    return done.stdout


def main() -> int:
    try:
        fetch_wheels()
        progress("building the image")
        build()
    except StackError as error:
        progress(str(error))
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
