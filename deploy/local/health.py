"""Whether a broker or a store really answers: a metadata call, and a writable primary.

An open port is not enough: Kafka listens seconds before it leads a partition.
"""

import asyncio
import socket
import threading
from collections.abc import Coroutine
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

NOT_YET_INITIALIZED = 94


def broker_answers(address: str) -> bool:
    host, _, port = address.split(",")[0].rpartition(":")
    return port_open(host, int(port)) and run(has_metadata(address))


def store_answers(url: str) -> bool:
    client: MongoClient[dict[str, Any]] = MongoClient(
        url, serverSelectionTimeoutMS=500, connectTimeoutMS=500, socketTimeoutMS=5000
    )
    try:
        return is_writable_primary(client)
    except PyMongoError:
        return False
    finally:
        client.close()


def initiate_replica_set(port: int) -> None:
    """Transactions need a replica set, so even one node is one. Harmless if it already is."""
    url = f"mongodb://127.0.0.1:{port}/?directConnection=true"
    member = {"_id": 0, "host": f"127.0.0.1:{port}"}
    client: MongoClient[dict[str, Any]] = MongoClient(url, serverSelectionTimeoutMS=500)
    try:
        client.admin.command("replSetGetStatus")
    except OperationFailure as error:
        if error.code == NOT_YET_INITIALIZED:
            client.admin.command("replSetInitiate", {"_id": "leadops", "members": [member]})
    finally:
        client.close()


def is_writable_primary(client: MongoClient[dict[str, Any]]) -> bool:
    client.admin.command("ping")
    hello = client.admin.command("hello")
    transactions = "logicalSessionTimeoutMinutes" in hello and (
        "setName" in hello or hello.get("msg") == "isdbgrid"
    )
    if not hello.get("isWritablePrimary") or not transactions:
        return False
    # Its engine may have given up, on a full disk say, while the process still answers pings.
    client.list_database_names()
    return True


async def has_metadata(address: str) -> bool:
    admin = AIOKafkaAdminClient(bootstrap_servers=address, request_timeout_ms=3000)
    try:
        await admin.start()
        return bool((await admin.describe_cluster())["brokers"])
    except (KafkaError, TimeoutError, OSError):
        return False
    finally:
        await admin.close()


def port_open(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host or "127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def run(question: Coroutine[Any, Any, bool]) -> bool:
    """In a thread of its own, so that it also works below a running event loop (tests)."""
    answer: list[bool] = []
    thread = threading.Thread(target=lambda: answer.append(asyncio.run(question)))
    thread.start()
    thread.join()
    return bool(answer and answer[0])
