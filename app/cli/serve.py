"""tramy serve: the HTTP service; this process owns the database it starts and watches the workers."""

import asyncio
import os
import signal
import sys
from types import FrameType
from typing import Annotated

import typer
import uvicorn

from app.cli.console import err
from app.cli.database import database, settings
from app.config import Settings
from app.store.version import require_newest


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; loopback unless told otherwise.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that answer requests.")] = 1,
) -> None:
    """Serve the FHIR interface, the indicators and the documentation.

    Example: tramy serve --port 8080 --workers 2
    """
    chosen = settings()
    with database(chosen) as url:
        run_server(chosen, url, host, port, workers)


def run_server(chosen: Settings, url: str, host: str, port: int, workers: int) -> None:
    """Run uvicorn until it is told to end. Raises Misconfigured when the schema is behind."""
    asyncio.run(require_newest(url))
    # uvicorn raises the signal that stopped it once more when it is done: end in order, so that the database stops too.
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    # Workers are processes of their own: they read their settings from the environment, as this one did.
    os.environ["TRAMY_DATABASE_URL"] = url
    err.print(f"Tramy: http://{host}:{port}/docs  (FHIR: http://{host}:{port}/fhir, Ctrl-C to stop)")
    uvicorn.run(
        "app.main:application",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        access_log=False,
        server_header=False,
        log_level=chosen.log_level,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=20,
    )


def _end(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)
