"""Applications behind the wall: asked directly, or on a real socket as `tramy serve` sets it up."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp

from app.api.wall import walled
from app.cli.serve import transport
from app.config import Settings
from tests.conftest import as_caller, opened


def front(app: ASGIApp, settings: Settings) -> ASGIApp:
    """Return the application behind its wall, whether it has one of its own or not."""
    return app if hasattr(app, "whole") else walled(app, settings)


@asynccontextmanager
async def listening(app: ASGIApp, settings: Settings, **other: Any) -> AsyncIterator[int]:
    """Serve on a free port of this machine with the options of `tramy serve`; yield the port."""
    config = uvicorn.Config(app, lifespan="off", **{**transport(settings), **other})
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        task = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110  uvicorn tells it by this alone
            await asyncio.sleep(0.01)
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = server.force_exit = True
            await task


async def exchanged(port: int, sent: bytes, *, until: bytes = b"", seconds: float = 10) -> bytes:
    """Send bytes as they are and return what comes back, until the connection ends or something has come."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        got = b""
        async with asyncio.timeout(seconds):
            while part := await reader.read(65536):
                got += part
                if until and until in got:
                    break
        return got
    except ConnectionError:
        return b""
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@pytest.fixture(scope="module")
async def behind(new_database: Callable[[], Awaitable[str]]) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application behind its wall, with a page of another host allowed."""
    settings = Settings(cors_origins=("https://so-lieu.example",))
    async with opened(await new_database(), settings) as (app, client):
        transport = httpx.ASGITransport(front(app, settings), raise_app_exceptions=False)
        headers = client.headers
        async with httpx.AsyncClient(transport=transport, base_url="http://tramy.test", headers=headers) as made:
            await made.put("/fhir/Patient/mau-1", json={"resourceType": "Patient", "id": "mau-1"})
            yield made


class Served(NamedTuple):
    """A service on a real socket: its port, and the headers with which its test client is let in."""

    port: int
    headers: dict[str, str]

    def let_in(self, sent: bytes) -> bytes:
        """Return the bytes of a request with the client's token."""
        lines = sent.split(b"\r\n")
        # Behind the first Host, whatever that says: the token is not what these requests are refused for.
        at = next((number for number, line in enumerate(lines) if line.startswith(b"Host:")), None)
        if at is not None:
            lines.insert(at + 1, f"Authorization: {self.headers['Authorization']}".encode())
        return b"\r\n".join(lines)


@pytest.fixture(scope="module")
async def served(new_database: Callable[[], Awaitable[str]]) -> AsyncIterator[Served]:
    """A service on a real socket."""
    settings = Settings(body_timeout=1.0, connection_limit=200, body_limit=1_000_000, rate_limit=0)
    async with (
        opened(await new_database(), settings) as (app, _),
        listening(front(app, settings), settings) as port,
    ):
        yield Served(port, await as_caller(app))
