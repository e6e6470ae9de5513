"""A service as a process: store, log, loop, ticker and the read API, started and stopped in order.

A programming error in the machinery ends the process: whoever supervises it starts it again, and
opening the shards repairs whatever was under way. Readiness is more than a ping.
"""

import asyncio
import gc
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import structlog
from aiokafka.errors import KafkaError
from fastapi import APIRouter, FastAPI
from faststream import FastStream
from faststream.kafka import KafkaBroker

from shared import (
    audit_api,
    clock,
    dead_letters_api,
    door_server,
    operating_api,
    read_api,
    scraping,
)
from shared.door_server import Doors
from shared.doors import Door
from shared.durations import Durations
from shared.errors import Infrastructure
from shared.http_server import listening
from shared.logs import configure_logs, kinds_of, place_of
from shared.loop import migrations
from shared.loop.dating import Dating
from shared.loop.effects import AttemptResult
from shared.loop.item import Item
from shared.loop.kafka import KafkaLog, subscribe
from shared.loop.loop import INDEXES, Loop
from shared.loop.page_reader import Publish
from shared.loop.pulse import Pulse
from shared.loop.service import Service
from shared.loop.ticker import Ticker
from shared.loop.transport import Transports, nobody_publishes
from shared.mongo import MongoStore
from shared.readings import Reading
from shared.settings import Settings, WrongSetting
from shared.span_export import has_collector
from shared.store import Document, Store
from shared.stored_gauges import StoredGauges
from shared.tracing import Tracing

log = structlog.get_logger(__name__)

Routes = Callable[[Store], APIRouter]

GRACEFUL_SECONDS = 20
GARBAGE_OBJECTS = 20_000
"""How many more objects there are before circles are looked for among them."""
EFFECTS_END_SECONDS = 12
STORE_WAIT_SECONDS = 5.0
# That a topic is there again, made anew, is seen only when the client asks for the topics. Its own
# five minutes are five minutes in which nothing is assigned.
METADATA_MILLISECONDS = 10_000


@dataclass(frozen=True, slots=True)
class Entries:
    """Where a service takes what nobody writes to a topic: what others bring to its doors, and what
    it reads from their APIs."""

    doors: Sequence[Door] = ()
    readings: Sequence[Reading] = ()


NO_ENTRIES = Entries()


class Process:
    """The composition root of every service."""

    def __init__(
        self,
        settings: Settings,
        service: Service,
        store: MongoStore,
        transport: Transports,
        doors: Sequence[Door],
        door_log: KafkaLog,
    ) -> None:
        self.settings = settings
        self.store = store
        self.log = KafkaLog(settings.kafka)
        self.transport = transport
        self.tracing = (
            Tracing(service.name, settings.otlp_endpoint, str(settings.instance))
            if has_collector(settings.otlp_endpoint)
            else None
        )
        self.durations = Durations(service.name)
        self.loop = Loop(
            service,
            store,
            self.log,
            clock.clock(settings.clock_file),
            self._attempt,
            secret=settings.secret,
            dating=Dating(settings.affiliate_days_back, settings.trusted_sources),
            batch_size_max=settings.batch_size_max,
            endpoints_time=clock.Passing(settings.clock_file),
            observe=self._observe,
        )
        self.ticker = Ticker(self.loop)
        self.pulse = Pulse(self.loop)
        self.stored_gauges = StoredGauges(self.loop, self.pulse)
        self.door_log = door_log
        self.doors = Doors(
            doors,
            door_log.publish,
            self.loop.clock,
            time.monotonic,
            calls_per_minute=settings.door_calls_per_minute,
            spans=self.tracing.spans if self.tracing else None,
        )
        self.broker = KafkaBroker(
            settings.kafka,
            client_id=f"{service.name}-{settings.instance}",
            allow_auto_create_topics=False,
            metadata_max_age_ms=METADATA_MILLISECONDS,
            graceful_timeout=GRACEFUL_SECONDS,
            logger=None,
        )
        subscribe(self.broker, self.loop, self.log, settings)

    def _observe(self, items: Sequence[Item], started: int, ended: int) -> None:
        self.durations.step(items, started, ended)
        if self.tracing:
            self.tracing.step(items, started, ended)

    async def _attempt(self, row: Document) -> AttemptResult:
        started = time.time_ns()
        result = await self.transport(row)
        ended = time.time_ns()
        self.durations.attempt(row, result[0], started, ended)
        if self.tracing:
            self.tracing.attempt(row, result[0], started, ended)
        return result

    async def migrate(self) -> None:
        """Waits for the store as long as it takes, and says so."""
        service = self.loop.service
        while True:
            try:
                await self.store.migrate([*INDEXES, *service.indexes])
                await migrations.migrate(self.store, service.former, service.tallies)
                return
            except Infrastructure as error:
                log.warning("waiting for the store", error=str(error))
                await asyncio.sleep(STORE_WAIT_SECONDS)

    @asynccontextmanager
    async def running(self, router: APIRouter) -> AsyncIterator[None]:
        """Everything but the subscriber, which FastStream starts inside and stops first."""
        settings = self.settings
        api = listening(application(self, router), settings.http_host, settings.http_port)
        async with api as serving, self._doors_open() as at_the_doors:
            # Before what may last: meanwhile nobody shall be told that the store is silent.
            beating = [asyncio.create_task(self.pulse.run())]
            await self.migrate()
            parts = (self.ticker, self.stored_gauges)
            beating += [asyncio.create_task(part.run()) for part in parts]
            for task in (serving, *at_the_doors, *beating):
                task.add_done_callback(_ends_the_process)
            yield
            await self._stop(beating)
        await self.transport.close()
        await self.door_log.close()
        await self.log.close()
        await self.store.close()
        if self.tracing:
            self.tracing.close()

    @asynccontextmanager
    async def _doors_open(self) -> AsyncIterator[list[asyncio.Task[None]]]:
        """On a port of their own, if the service has any."""
        settings = self.settings
        if not self.doors.names:
            yield []
            return
        async with listening(self.doors.app, settings.door_host, settings.door_port) as serving:
            yield [serving]

    async def _stop(self, beating: Sequence[asyncio.Task[None]]) -> None:
        with suppress(Infrastructure):
            await self.loop.stop(EFFECTS_END_SECONDS, beating)


def _ends_the_process(task: asyncio.Task[None]) -> None:
    """A task that must not end has failed: better no process than one that only looks alive."""
    if not task.cancelled() and (error := task.exception()) is not None:
        at = place_of(error.__traceback__)
        log.critical("the process ends", error=", ".join(kinds_of(error)), at=at)
        os.kill(os.getpid(), signal.SIGKILL)


def application(process: Process, router: APIRouter) -> FastAPI:
    operating = operating_api.routes(
        process.loop, process.ticker, process.pulse, process.settings.instance
    )
    store = process.loop.store
    kept = [dead_letters_api.routes(store), audit_api.routes(store, process.loop.clock)]
    app = read_api.application(
        process.loop.service.name, process.settings.token, [operating, *kept, router]
    )
    app.router.routes.append(scraping.metrics_route(scraping.collectors(process)))
    return app


def usable(
    settings: Settings,
    entries: Entries = NO_ENTRIES,
    publish: Publish = nobody_publishes,
) -> Transports:
    """What can't be used is told before anything is read or sent, not with the first send."""
    try:
        if not settings.secret:
            raise WrongSetting("LEADOPS_SECRET is empty, so anybody could seal numbers with it")
        if entries.doors and not settings.door_port:
            raise WrongSetting("LEADOPS_DOOR_PORT is not set, and this service has doors")
        return Transports(settings, entries.readings, publish)
    except WrongSetting as error:
        log.critical("a setting can't be used", error=str(error))
        raise SystemExit(2) from None


async def serve(
    settings: Settings, service: Service, routes: Routes, entries: Entries = NO_ENTRIES
) -> None:
    """Runs a service until SIGTERM or SIGINT."""
    configure_logs(service.name, settings.instance, settings.log_level)
    # Of their own: no step waits for what is brought or fetched, and none of that for a step.
    door_log = KafkaLog(settings.kafka, door_server.PUBLISH_SECONDS_MAX)
    transport = usable(settings, entries, door_log.publish)
    store = await MongoStore.connect(settings.mongo, f"{settings.database_prefix}{service.name}")
    process = Process(settings, service, store, transport, entries.doors, door_log)
    # All that was loaded stays for good, and what a batch makes goes with it, hardly ever in a
    # circle. Looking through both again and again would take a third of the processor.
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS, *gc.get_threshold()[1:])
    async with process.running(routes(store)):
        try:
            await FastStream(process.broker, logger=None).run()
        except* KafkaError as errors:
            log.error("Kafka could not be reached", errors=[str(one) for one in errors.exceptions])
            raise SystemExit(3) from None
