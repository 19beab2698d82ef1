"""tramy serve: the HTTP service; this process owns the database it starts and watches the workers."""

import asyncio
import os
import signal
import sys
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
import uvicorn

from app.access.rule import as_service
from app.api.loglines import set_up
from app.cli.console import err
from app.cli.database import database, settings
from app.cli.exposure import require_callers
from app.config import Settings
from app.errors import Misconfigured
from app.store.secret import made
from app.store.version import require_newest


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; loopback unless told otherwise.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that answer requests.")] = 1,
) -> None:
    """Serve the FHIR interface, the indicators and the documentation.

    Another host than loopback needs a registered client or a provider that people sign in with.

    Example: tramy serve --port 8080 --workers 2
    """
    chosen = settings()
    with database(chosen) as url:
        run_server(chosen, url, host, port, workers)


def run_server(chosen: Settings, url: str, host: str, port: int, workers: int) -> None:
    """Run uvicorn until it is told to end.

    Raises Misconfigured when the schema is behind, or when others can reach a service that would know none of them.
    """
    asyncio.run(require_newest(url))
    asyncio.run(require_callers(chosen, url, host))
    set_up(chosen.log_level, chosen.log_format)
    # uvicorn raises the signal that stopped it once more when it is done: end in order, so that the database stops too.
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    # Workers are processes of their own: they read their settings from the environment, as this one did.
    os.environ["TRAMY_DATABASE_URL"] = as_service(url) if chosen.database_url is None else url
    os.environ["TRAMY_SECRET_FILE"] = str(_secret_file(chosen))
    err.print(f"Tramy: http://{host}:{port}/docs  (FHIR: http://{host}:{port}/fhir, Ctrl-C to stop)")
    uvicorn.run("app.main:application", factory=True, host=host, port=port, workers=workers, **transport(chosen))


def _secret_file(chosen: Settings) -> Path:
    """Return the file that the keys of all workers are made from. Raises Misconfigured where there is none to be."""
    if chosen.secret_file is not None:
        return chosen.secret_file
    if chosen.database_url is None:
        return made(chosen.data)
    raise Misconfigured.of(
        "expected a file with at least 32 random characters, the same for every host that serves this database",
        "cần một tệp có ít nhất 32 ký tự ngẫu nhiên, giống nhau trên mọi máy phục vụ cơ sở dữ liệu này",
        "TRAMY_SECRET_FILE",
    )


def transport(chosen: Settings) -> dict[str, Any]:
    """Return how uvicorn treats connections."""
    return {
        # Whom a proxy speaks for is settled by app/api/proxies.py, by settings of our own and none of uvicorn's.
        "proxy_headers": False,
        "access_log": False,
        "log_config": None,
        "log_level": chosen.log_level,
        "server_header": False,
        "http": "app.api.transport:Bounded" if find_spec("httptools") else "h11",
        "ws": "none",
        "limit_concurrency": chosen.connection_limit,
        "timeout_keep_alive": 30,
        "timeout_graceful_shutdown": 20,
    }


def _end(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)
