"""Which broker and which store this machine offers; each is chosen on its own.

In this order: an address that was given, a Docker engine that answers, native processes. Figures
name what they were measured on, so every backend has a name to be shown.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

from deploy.local import docker_engine, kafka_native, store_native
from deploy.local.backend import Backend, ExternalBackend, wait_until_it_answers
from deploy.local.docker_engine import DockerBackend
from deploy.local.health import broker_answers, store_answers
from deploy.local.process import StackError, free_ports

INSTALL = """no {part} to be had on this machine. One of these will do:
  - a Docker engine that answers `docker info` within 3 s, with docker compose
  - {native}
  - an address in the environment: {variable}"""


@contextmanager
def broker(state: Path) -> Iterator[Backend]:
    """A broker that answers, for as long as the block lasts; data in the state directory."""
    with running("broker", choose_broker(state)) as backend:
        yield backend


@contextmanager
def store(state: Path) -> Iterator[Backend]:
    with running("store", choose_store(state)) as backend:
        yield backend


@contextmanager
def running(part: str, backend: Backend) -> Iterator[Backend]:
    try:
        backend.launch()
        wait_until_it_answers(part, backend)
        yield backend
    finally:
        backend.stop()


def restart(part: str, backend: Backend) -> None:
    """kill -9, and again on the same port and data; returns when it answers."""
    backend.kill()
    backend.launch()
    wait_until_it_answers(part, backend)


@cache
def docker_is_there() -> bool:
    return docker_engine.engine_answers()


def choose_broker(state: Path) -> Backend:
    if address := os.environ.get("KAFKA_BOOTSTRAP"):
        return ExternalBackend(address, partial(broker_answers, address))
    if docker_is_there():
        return docker_broker(state)
    if missing := kafka_native.what_is_missing():
        native = f"Java 17 or later and Maven (not found: {', '.join(missing)})"
        raise StackError(INSTALL.format(part="broker", native=native, variable="KAFKA_BOOTSTRAP"))
    return kafka_native.native_kafka(state, *free_ports(1))


def choose_store(state: Path) -> Backend:
    if address := os.environ.get("MONGODB_URL"):
        return ExternalBackend(address, partial(store_answers, address))
    if docker_is_there():
        return docker_store(state)
    try:
        return store_native.native_store(state, *free_ports(1))
    except StackError as error:
        native = f"MongoDB's mongod on the PATH, or a network for SecantusDB ({error})"
        text = INSTALL.format(part="store", native=native, variable="MONGODB_URL")
        raise StackError(text) from error


def docker_broker(state: Path) -> DockerBackend:
    (port,) = free_ports(1)
    address = f"127.0.0.1:{port}"
    name, project = "docker apache/kafka:4.1.0", project_of(state, "kafka")
    check = partial(broker_answers, address)
    return DockerBackend(name, address, "kafka", project, {"KAFKA_PORT": str(port)}, check)


def docker_store(state: Path) -> DockerBackend:
    (port,) = free_ports(1)
    url = f"mongodb://127.0.0.1:{port}/?directConnection=true"
    name, project = "docker mongo:8.0", project_of(state, "mongo")
    check = partial(store_answers, url)
    return DockerBackend(name, url, "mongo", project, {"MONGO_PORT": str(port)}, check)


def project_of(state: Path, service: str) -> str:
    """Two stacks side by side, of the same or of other checkouts, never share a project."""
    digest = hashlib.sha256(str(state.resolve()).encode()).hexdigest()[:10]
    return f"leadops-{digest}-{service}"
