"""A process that loads portions: it opens the service on the database and answers each portion with a report."""

import asyncio
import signal
import traceback
from multiprocessing.connection import Connection

from app.config import Settings
from app.exchange.load.item import Item, Work
from app.exchange.load.report import Report
from app.exchange.load.store import store
from app.exchange.opening import calm_collector, running


class WorkerError(Exception):
    """A worker could not go on; the text says where."""


class Portion:
    """Work to do, and whether what must be put off is to be refused."""

    def __init__(self, work: Work, *, last: bool) -> None:
        self.work = work
        self.last = last


def serve(pipe: Connection, settings: Settings, url: str) -> None:
    """Load what comes through the pipe until None comes. An interrupt is left to the one who sends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        asyncio.run(_serve(pipe, settings, url))
    except Exception as error:  # the sender must hear of it, whatever it is
        frames = traceback.extract_tb(error.__traceback__)
        place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "?"
        pipe.send(WorkerError(f"{type(error).__name__} at {place}"))


async def _serve(pipe: Connection, settings: Settings, url: str) -> None:
    loop = asyncio.get_running_loop()
    async with running(settings, url) as opened:
        calm_collector()
        pipe.send(None)
        while (portion := await loop.run_in_executor(None, pipe.recv)) is not None:
            result: tuple[Report, list[Item]] = await store(opened.service, portion.work.items(), last=portion.last)
            pipe.send(result)
