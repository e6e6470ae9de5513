"""The local customer: takes signed webhooks, mails and files, and writes each down.

What it wrote is the proof of what was delivered, so a line is flushed before the answer. A file
asks for none: it is written down when it is found, and stays where it is. The webhook path is plain
ASGI, since it must not be what a benchmark measures.
"""

import asyncio
import os
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import unquote

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from deploy import mailbox, received, spans
from deploy.files import var_dir
from deploy.received import Answer, Delivery
from shared.logs import configure_logs

PREFIX = "/campaigns/"
TEXTS = {0: b"", 200: b'{"ok": true}', 401: b'{"ok": false, "error": "bad signature"}'}
NOT_SIGNED = Answer(401)
LOOK_SECONDS = 0.2


class Receiver:
    def __init__(self, var: Path, secret: str) -> None:
        var.mkdir(parents=True, exist_ok=True)
        self.behaviours = received.Behaviours()
        self.secret = received.secret_bytes(secret)
        lines = var / "received.jsonl"
        self.decided = received.Decided(whole_lines(lines))
        self.attempts: Counter[str] = Counter()
        self.received = append_to(lines)
        self.drop = var / "drop"
        self.spans = append_to(var / "spans.jsonl")
        self.others = Starlette(
            routes=[
                Route("/health", self.health),
                Route("/behaviour", self.behaviour, methods=["GET", "POST"]),
                Route("/v1/traces", self.traces, methods=["POST"]),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await self.webhook(scope, receive, send)
        else:
            await self.others(scope, receive, send)

    async def webhook(self, scope: Scope, receive: Receive, send: Send) -> None:
        campaign, headers = scope["path"].removeprefix(PREFIX), dict(scope["headers"])
        body = await read_body(receive)
        signed = not self.secret or received.is_signed(self.secret, headers, body)
        answer = self.take(received.from_webhook(campaign, headers, body), signed=signed)
        if answer.seconds:
            await asyncio.sleep(answer.seconds)
        if answer.instead is None:
            await respond(send, answer.status)
        else:
            await hang_up(scope["transport"], receive, answer.instead)

    def take(self, delivery: Delivery, *, signed: bool = True) -> Answer:
        """Writes it down, with the answer that it will get."""
        key, behaviour = delivery.key, self.behaviours.for_campaign(delivery.campaign)
        intended = behaviour.answer(key, self.attempts[key])
        self.attempts[key] += 1
        answer = self.decided.answer(key, intended if signed else NOT_SIGNED)
        self.write_down(delivery, answer.status)
        return answer

    def take_files(self) -> None:
        """Each key once: what is known by its key is the same lead, also after a restart."""
        for path in sorted(self.drop.glob("*/*.json")):
            key = unquote(path.stem)
            if path.name.startswith(".") or key in self.decided.taken:
                continue
            with suppress(FileNotFoundError):  # Whoever has moved it away in between has it.
                delivery = received.from_file(key, path.read_bytes())
                self.decided.taken.add(key)
                self.write_down(delivery, 200)

    def write_down(self, delivery: Delivery, status: int) -> None:
        taken = delivery.key in self.decided.taken
        self.received.write(received.line(delivery, status, taken=taken))
        self.received.flush()

    async def health(self, _request: Request) -> Response:
        return JSONResponse({"ok": True})

    async def behaviour(self, request: Request) -> Response:
        if request.method == "POST":
            try:
                self.behaviours.tell(**await request.json())
            except (TypeError, ValueError) as error:
                return JSONResponse({"error": str(error)}, status_code=400)
        return JSONResponse(self.behaviours.as_json())

    async def traces(self, request: Request) -> Response:
        encoding = request.headers.get("content-encoding", "").encode()
        self.spans.write(spans.lines(await request.body(), encoding))
        self.spans.flush()
        return Response(b"", media_type="application/x-protobuf")


class Protocol(H11Protocol):
    """Hands the connection on, so that it can be ended in ways that HTTP does not know."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        app: Any = self.app

        async def with_transport(scope: Any, receive: Any, send: Any) -> None:
            scope["transport"] = self.transport
            await app(scope, receive, send)

        self.app = with_transport


def whole_lines(path: Path) -> list[str]:
    """What was written before it was killed; a line that was cut short is ended, and not read."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        path.write_text("".join(lines[:-1]), encoding="utf-8")
        return lines[:-1]
    return lines


def append_to(path: Path) -> TextIO:
    return path.open("a", encoding="utf-8")


async def read_body(receive: Receive) -> bytes:
    chunks, more = [], True
    while more:
        message = await receive()
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(chunks)


async def respond(send: Send, status: int) -> None:
    text = TEXTS.get(status, b'{"ok": false}')
    length = (b"content-length", str(len(text)).encode())
    headers = [(b"content-type", b"application/json"), length]
    if 300 <= status < 400:
        headers.append((b"location", b"/elsewhere"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})


async def hang_up(transport: asyncio.Transport, receive: Receive, instead: bytes) -> None:
    """Returns when the connection is closed, so that nobody answers in our place."""
    transport.write(instead)
    transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass


async def look_for_files(receiver: Receiver) -> None:
    while True:
        receiver.take_files()
        await asyncio.sleep(LOOK_SECONDS)


async def serve(receiver: Receiver, host: str, port: int, smtp_port: int | None) -> None:
    config = uvicorn.Config(
        receiver,
        host=host,
        port=port,
        http=Protocol,
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    mails = await mailbox.open_mailbox(receiver.take, host, smtp_port) if smtp_port else None
    try:
        # Should looking fail, all of it ends, and whoever watches the process sees it.
        async with asyncio.TaskGroup() as group:
            looking = group.create_task(look_for_files(receiver))
            await uvicorn.Server(config).serve()
            looking.cancel()
    finally:
        if mails:
            mails.close()


def main() -> None:
    configure_logs("receiver", 0, "info")
    receiver = Receiver(var_dir(), os.environ.get("LEADOPS_WEBHOOK_SECRET", ""))
    host = os.environ.get("LEADOPS_HTTP_HOST", "127.0.0.1")
    port = int(os.environ.get("LEADOPS_HTTP_PORT", "8080"))
    smtp_port = int(os.environ.get("LEADOPS_SMTP_PORT", "0"))
    asyncio.run(serve(receiver, host, port, smtp_port or None))


if __name__ == "__main__":
    main()
