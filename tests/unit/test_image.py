"""The image's lock file: what runs in containers is what is tested outside."""

import re
import tomllib

from deploy.files import CHECKOUT
from deploy.image import LOCK

PIN = re.compile(r"^([\w.-]+)==(\S+).*\\\n((?:\s+--hash=\S+.*\n?)+)", re.MULTILINE)
NAME = re.compile(r"^[\w.-]+")

Pins = dict[str, tuple[str, frozenset[str]]]


def pins(text: str) -> Pins:
    """Version and hashes by package."""
    return {
        name: (version, frozenset(re.findall(r"--hash=(\S+)", hashes)))
        for name, version, hashes in PIN.findall(text)
    }


def names(requirements: list[str]) -> set[str]:
    """As lock files write them, whatever parts their words."""
    return {re.sub(r"[-_.]+", "-", NAME.findall(one)[0]).lower() for one in requirements}


def test_the_image_has_the_pins_that_everything_else_has() -> None:
    """The same versions by the same hashes."""
    image, all_pins = pins(LOCK.read_text()), pins((CHECKOUT / "requirements.lock").read_text())
    assert image == {name: all_pins.get(name) for name in image}
    assert all(hashes for _, hashes in image.values())


def test_the_image_has_what_is_needed_to_run_and_nothing_else() -> None:
    """All dependencies of the project, and no development package."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    image = pins(LOCK.read_text()).keys()
    assert set() == names(project["dependencies"]) - image
    assert set() == names(project["optional-dependencies"]["dev"]) & image
