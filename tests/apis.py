"""A service's read API, asked in this process as over the network."""

from typing import Any

import httpx
from fastapi import APIRouter, FastAPI

from shared.read_api import application

TOKEN = "token-of-the-tests"


def app_of(*routers: APIRouter) -> FastAPI:
    return application("tested", TOKEN, routers)


def client(app: Any, token: str = TOKEN) -> httpx.AsyncClient:
    """What the service did not foresee is raised in the test."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    headers = {"authorization": f"Bearer {token}"}
    return httpx.AsyncClient(
        transport=transport, base_url="http://service.example", headers=headers
    )


async def found(api: httpx.AsyncClient, path: str, **query: Any) -> Any:
    answer = await api.get(path, params=query or None)
    assert answer.status_code == 200, answer.text
    return answer.json()
