"""The database that a command works on: the configured one, the one that is running already, or one started for it."""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from app.config import Settings
from app.errors import TramyError
from app.store.binaries import find
from app.store.launcher import EmbeddedPostgres
from app.store.lock import holder
from app.store.sockets import address, sockets_of

_log = logging.getLogger("tramy")
_GLANCE = 0.2
"""Seconds between two looks at the embedded server."""


def settings() -> Settings:
    """Return the settings of the environment. Raises Misconfigured naming each that is wrong."""
    return Settings.from_env(os.environ)


@contextmanager
def database(chosen: Settings) -> Iterator[str]:
    """Yield the address of the database; the embedded server is started when nobody runs it, and stopped after."""
    if chosen.database_url is not None:
        yield chosen.database_url
    elif holder(chosen.data / "tramy.lock") is not None:
        yield address(sockets_of(chosen.data))
    else:
        with EmbeddedPostgres(chosen.data, find(chosen.postgres_bin)) as server, watched(server):
            yield server.url


@contextmanager
def watched(server: EmbeddedPostgres) -> Iterator[None]:
    """Start the embedded server again when it has ended by itself: killed, or out of memory."""
    done = threading.Event()
    watch = threading.Thread(target=_watch, args=(server, done), daemon=True)
    watch.start()
    try:
        yield
    finally:
        done.set()
        watch.join()


def _watch(server: EmbeddedPostgres, done: threading.Event) -> None:
    while not done.wait(_GLANCE):
        if server.running:
            continue
        _log.warning("PostgreSQL has ended; it is started again and recovers")
        try:
            server.start()
        except TramyError as error:
            _log.critical("PostgreSQL does not start: %s", error)
            done.wait(5)
