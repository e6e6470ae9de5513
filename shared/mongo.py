"""MongoDB behind the store port; the only module that knows the driver.

Motor is past its end of life, so only calls that PyMongo's own async client shares are used (see
docs/decisions). The driver's transaction helper is not: it retries without back-off for 120 s. Here
a failed transaction says what kind of failure it was, and the loop decides.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC
from typing import Any

import bson
from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import DeleteOne, InsertOne, ReplaceOne
from pymongo.errors import BulkWriteError, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference
from pymongo.write_concern import WriteConcern

from shared.errors import Conflict, Contended, Infrastructure, UnknownOutcome
from shared.store import (
    ONE_AT_A_TIME,
    Delete,
    Document,
    Filter,
    Index,
    Insert,
    Put,
    Remove,
    Replace,
    Sort,
    Write,
    by_kind,
)

CODEC: CodecOptions[Document] = CodecOptions(tz_aware=True, tzinfo=UTC)
DUPLICATE_KEY = 11000
WRITE_CONFLICT = 112
SNAPSHOT = ReadConcern("snapshot")
DURABLE = WriteConcern("majority", j=True, wtimeout=20_000)
TRANSACTION_SECONDS_MAX = 20
MIGRATION_SECONDS_MAX = 3600
"""An index over a million documents takes minutes; services wait for it, and say so."""


def encode(document: Document) -> bytes:
    """A document as the store would keep it; raises on what it could not keep."""
    return bson.encode(document, codec_options=CODEC)


def decode(raw: bytes) -> Document:
    return bson.decode(raw, codec_options=CODEC)


class MongoTransaction:
    def __init__(self, database: Any, session: Any) -> None:
        self._database = database
        self._session = session

    async def find(
        self,
        collection: str,
        where: Filter,
        *,
        sort: Sort = (),
        limit: int = 0,
        fields: Sequence[str] = (),
    ) -> list[Document]:
        cursor = self._database[collection].find(
            where,
            list(fields) or None,
            sort=list(sort) or None,
            limit=limit,
            session=self._session,
        )
        documents: list[Document] = await cursor.to_list(length=None)
        return documents

    async def write(self, collection: str, writes: Sequence[Write]) -> None:
        if not writes:
            return
        result = await self._database[collection].bulk_write(
            [_operation(write) for write in by_kind(writes)], ordered=True, session=self._session
        )
        of_kind = Counter(map(type, writes))
        replaced = result.matched_count + result.upserted_count
        is_as_guarded = replaced == of_kind[Replace] + of_kind[Put]
        if not is_as_guarded or result.deleted_count < of_kind[Delete]:
            raise Conflict(f"a guarded write in {collection} found another version")


def _operation(write: Write) -> Any:
    match write:
        case Insert(document):
            return InsertOne(document)
        case Replace(document, guard):
            return ReplaceOne({"_id": document["_id"], **guard}, document)
        case Put(document):
            return ReplaceOne({"_id": document["_id"]}, document, upsert=True)
        case Delete(id=key) | Remove(id=key):
            return DeleteOne({"_id": key})


class MongoStore:
    """One database, one session: a process has one transaction at a time (the loop's lock)."""

    def __init__(self, client: Any, url: str, database: str, session: Any) -> None:
        self._client = client
        self._url = url
        self._database = client.get_database(database, codec_options=CODEC)
        self._session = session

    @classmethod
    async def connect(cls, url: str, database: str) -> "MongoStore":
        client = _client(url, TRANSACTION_SECONDS_MAX)
        return cls(client, url, database, await client.start_session())

    async def close(self) -> None:
        with suppress(PyMongoError):
            await self._session.end_session()
        self._client.close()

    @property
    def session(self) -> Any:
        return self._session.session_id["id"]

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MongoTransaction]:
        assert not self._session.in_transaction, ONE_AT_A_TIME
        try:
            self._session.start_transaction(
                read_concern=SNAPSHOT,
                write_concern=DURABLE,
                read_preference=ReadPreference.PRIMARY,
            )
            yield MongoTransaction(self._database, self._session)
        except BaseException as error:
            await self._abandon()
            raise _translate(error) from error
        await self._commit()

    async def _commit(self) -> None:
        try:
            await self._session.commit_transaction()
        except PyMongoError as error:
            await self._renew_session()
            if error.has_error_label("TransientTransactionError"):
                raise Infrastructure(_text(error)) from error
            raise UnknownOutcome(_text(error)) from error
        except asyncio.CancelledError:
            await self._renew_session()
            raise

    async def _abandon(self) -> None:
        """Ends the transaction; a session that could not end it cleanly is replaced."""
        try:
            await self._session.abort_transaction()
        except PyMongoError:
            await self._renew_session()

    async def _renew_session(self) -> None:
        old = self._session
        self._session = await self._client.start_session()
        with suppress(PyMongoError):
            await old.end_session()

    async def kill(self, session: Any) -> None:
        try:
            await self._client.admin.command("killSessions", [{"id": session}])
        except PyMongoError as error:
            raise Infrastructure(_text(error)) from error

    async def find(
        self,
        collection: str,
        where: Filter,
        *,
        sort: Sort = (),
        limit: int = 0,
        skip: int = 0,
        fields: Sequence[str] = (),
    ) -> list[Document]:
        cursor = self._database[collection].find(
            where, list(fields) or None, sort=list(sort) or None, limit=limit, skip=skip
        )
        try:
            documents: list[Document] = await cursor.to_list(length=None)
        except PyMongoError as error:
            raise Infrastructure(_text(error)) from error
        return documents

    async def count(self, collection: str, where: Filter, *, limit: int = 0) -> int:
        options = {"limit": limit} if limit else {}
        try:
            return int(await self._database[collection].count_documents(where, **options))
        except PyMongoError as error:
            raise Infrastructure(_text(error)) from error

    async def migrate(self, indexes: Sequence[Index]) -> None:
        patient = _client(self._url, MIGRATION_SECONDS_MAX)
        try:
            existing = await self._database.list_collection_names()
            for name in sorted({index.collection for index in indexes} - set(existing)):
                await self._create(name)
            for index in indexes:
                if index.is_former:
                    await self._drop_index(index)
                elif index.fields:
                    await self._create_index(patient[self._database.name], index)
        except PyMongoError as error:
            raise Infrastructure(_text(error)) from error
        finally:
            patient.close()

    async def _create_index(self, database: Any, index: Index) -> None:
        options: dict[str, Any] = {"unique": index.unique}
        if index.expires_days is not None:
            options["expireAfterSeconds"] = index.expires_days * 86_400
        fields = [(name, 1) for name in index.fields]
        await database[index.collection].create_index(fields, **options)

    async def _drop_index(self, index: Index) -> None:
        """By its fields; another replica may drop it at the same moment."""
        collection = self._database[index.collection]
        wanted = [(name, 1) for name in index.fields]
        there = await collection.index_information()
        for name in [name for name, known in there.items() if known["key"] == wanted]:
            try:
                await collection.drop_index(name)
            except OperationFailure:
                if name in await collection.index_information():
                    raise

    async def _create(self, name: str) -> None:
        """Another replica may create it at the same moment; that is as good."""
        try:
            await self._database.create_collection(name)
        except PyMongoError:
            if name not in await self._database.list_collection_names():
                raise


def _client(url: str, seconds_max: int) -> Any:
    return AsyncIOMotorClient(
        url,
        serverSelectionTimeoutMS=5_000,
        socketTimeoutMS=seconds_max * 1_000,
        retryWrites=False,
        tz_aware=True,
        tzinfo=UTC,
    )


def _translate(error: BaseException) -> BaseException:
    """The driver's error as one of ours. A bulk write that the server refused for its content stays
    as it is: that is data, and the loop looks for the record that caused it."""
    if isinstance(error, BulkWriteError) and not error.has_error_label("TransientTransactionError"):
        codes = {row.get("code") for row in (error.details or {}).get("writeErrors", [])}
        return Conflict("a unique key exists already") if DUPLICATE_KEY in codes else error
    if not isinstance(error, PyMongoError):
        return error
    is_contended = getattr(error, "code", None) == WRITE_CONFLICT
    return Contended(_text(error)) if is_contended else Infrastructure(_text(error))


def _text(error: PyMongoError) -> str:
    """Names the failure without its values: a driver's message can quote a whole document."""
    return f"{type(error).__name__} (code {getattr(error, 'code', None)})"
