"""Reading from the services' HTTP APIs of the running stack, with its token.

A service that doesn't answer is one line and exit code 3, never a traceback.
"""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx
from httpx import codes

from cli.output import UNREACHABLE, WRONG_USAGE, CliError, UnknownId
from deploy.local import http, stack
from deploy.local.process import StackError

RESTART_SECONDS = 8.0
"""A service that was killed is up again within this; asking meanwhile is no error."""
NO_RECEIVER = "http://receiver.invalid"
"""In the place of the receiver's address where no stack is up, so that a file can be checked."""

T = TypeVar("T")


def on_stack(read: Callable[[str], T]) -> T:
    """Reads with the address of the stack's receiver. What is wrong with a file is told before it
    is told that no stack is up."""
    try:
        receiver = stack.stack()["receiver"]
    except StackError:
        read(NO_RECEIVER)
        raise
    return read(receiver)


class Api:
    """`with Api() as api: api.get("intake", "/leads", city="Haifa")`."""

    def __init__(self, *, seconds: float = 30) -> None:
        self.stack = stack.stack()
        headers = {"authorization": f"Bearer {self.stack['token']}"}
        self.client = http.client(headers=headers, timeout=seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.client.close()

    def get(self, service: str, path: str, **query: Any) -> Any:
        query = {name: value for name, value in query.items() if value is not None}
        limit = time.monotonic() + RESTART_SECONDS
        while True:
            try:
                return content(service, self.client.get(self.address(service) + path, params=query))
            except httpx.HTTPError as error:
                if not isinstance(error, httpx.ConnectError) or time.monotonic() > limit:
                    raise unreachable(service, str(error) or type(error).__name__) from error
            time.sleep(0.3)

    def text(self, service: str, path: str) -> str:
        """What is no JSON; raises for what is not answered."""
        try:
            return self.client.get(self.address(service) + path).raise_for_status().text
        except httpx.HTTPError as error:
            raise unreachable(service, str(error) or type(error).__name__) from error

    def ask(self, service: str, path: str, question: Any) -> Any:
        """A question that is too long for an address; it changes nothing."""
        try:
            response = self.client.post(self.address(service) + path, json=question)
        except httpx.HTTPError as error:
            raise unreachable(service, str(error) or type(error).__name__) from error
        return content(service, response)

    def address(self, service: str) -> str:
        found = self.stack["http"].get(service)
        if not found:
            raise unreachable(service, "it isn't part of this stack")
        return str(found)


def segment(id: str) -> str:
    """An id as one part of a path. Dots alone are a step up, or none, to every client."""
    return quote(id, safe="") if id.strip(".") else id.replace(".", "%2E")


def content(service: str, response: httpx.Response) -> Any:
    if response.status_code >= 500:
        raise unreachable(service, silence_reason(response))
    if response.is_error:
        raise error_of(response)
    return response.json()


def silence_reason(response: httpx.Response) -> str:
    """Why a service that answers can't tell, such as a store that is silent."""
    try:
        return str(response.json()["error"]["text"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {response.status_code}"


def error_of(response: httpx.Response) -> CliError:
    """The service's own `{"error": {"code", "text"}}`, if it gave one."""
    try:
        error = response.json()["error"]
        kind = UnknownId if response.status_code == codes.NOT_FOUND else CliError
        return kind(error["code"], error["text"], WRONG_USAGE)
    except (ValueError, KeyError, TypeError):
        return CliError(f"http_{response.status_code}", response.text[:300], WRONG_USAGE)


def unreachable(service: str, why: str) -> CliError:
    text = f"{service} can't be reached ({why}); see `leadops status`"
    return CliError("unreachable", text, UNREACHABLE)
