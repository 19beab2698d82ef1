"""The database that a command works on: the configured one, the one that is running already, or one started for it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from app.config import Settings
from app.store.binaries import find
from app.store.launcher import EmbeddedPostgres
from app.store.lock import holder
from app.store.sockets import address, sockets_of


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
        with EmbeddedPostgres(chosen.data, find(chosen.postgres_bin)) as server:
            yield server.url
