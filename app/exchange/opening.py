"""Open everything a request needs: the schema is checked, the pool opened, the epoch known, the indicators ready."""

import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from asyncpg import Pool

from app.access.rule import READER, WRITER
from app.config import Settings
from app.exchange.reindex.due import warn
from app.fhir.links import Links
from app.fhir.service import Service
from app.fhir.validation import Validator
from app.indicators.keeping import Keeping, open_keeping
from app.indicators.registry import indicators
from app.places import Places, load
from app.resources.registry import registry
from app.store.moment import open_epoch
from app.store.pool import lend, open_pool
from app.store.secret import key
from app.store.version import require_newest


@dataclass(frozen=True)
class Running:
    """The open service, what keeps the indicators, and the administrative units."""

    service: Service
    keeping: Keeping
    places: Places


def calm_collector() -> None:
    """Let Python look for cyclic garbage seldom: checking a resource makes thousands of objects and no cycle.

    What is loaded by now lives as long as the process and is not looked at again. A write costs a fifth less.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@asynccontextmanager
async def running(settings: Settings, url: str) -> AsyncIterator[Running]:
    """Open the service on a database whose schema is the newest, and close it after.

    Raises Unavailable when the database cannot be reached, Misconfigured when it must be migrated first.
    """
    types = registry()
    timeout = settings.statement_timeout
    async with AsyncExitStack() as opened:

        async def pool(role: str, *, planned_once: bool = False) -> Pool:
            made = await open_pool(
                url, size=settings.pool_size, statement_timeout=timeout, planned_once=planned_once, role=role
            )
            opened.push_async_callback(made.close)
            return made

        await require_newest(url)
        plain, writing = await pool(WRITER), await pool(WRITER, planned_once=True)
        reading, by_id = await pool(READER), await pool(READER, planned_once=True)
        async with lend(plain) as connection:
            epoch = await open_epoch(connection)
            keeping = await open_keeping(connection, indicators())
            links = Links(key(settings.secret_file, "links"))
            await warn(connection, types, settings.time_zone)
        validator = Validator(kind.name for kind in types)
        service = Service(
            settings, types, validator, plain, writing, plain, reading, by_id, plain, epoch, keeping, links
        )
        yield Running(service, keeping, load())
