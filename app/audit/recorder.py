"""Writes the events of requests in flight together: each waits for the commit, and many share one.

One flush at a time takes all that wait, so a commit is never waited for by one request alone when others come too.
What cannot be written is answered to nobody: every request that waits gets Unavailable.
"""

import asyncio
import logging
from collections.abc import Sequence

from asyncpg import Pool
from asyncpg.exceptions import DataError

from app.audit.event import Event
from app.audit.writing import write
from app.errors import Unavailable
from app.store.pool import lend

_log = logging.getLogger("tramy")
_MOST = 2_000
"""Events of one statement; the rest waits for the next."""


class Recorder:
    """Records events through a pool; `epoch` is the shifted epoch, `patience` how many seconds a commit may take."""

    def __init__(self, pool: Pool, epoch: int, patience: float = 10.0) -> None:
        self._pool = pool
        self._epoch = epoch
        self._patience = patience
        self._waiting: list[tuple[Sequence[Event], asyncio.Future[None]]] = []
        self._flush: asyncio.Task[None] | None = None

    async def record(self, events: Sequence[Event]) -> None:
        """Return when the events are committed. Raises Unavailable when they may not be."""
        if not events:
            return
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((events, done))
        if self._flush is None:
            self._flush = asyncio.create_task(self._flushed())
        await done

    async def _flushed(self) -> None:
        """Write until nobody waits any more."""
        try:
            while self._waiting:
                await self._settle(self._taken())
        finally:
            self._flush = None
            for _, done in self._waiting:
                _refuse(done)
            self._waiting.clear()

    def _taken(self) -> list[tuple[Sequence[Event], asyncio.Future[None]]]:
        """Return those who have waited longest, at most so many that one statement holds their events."""
        number, size = 0, 0
        while number < len(self._waiting) and (size < _MOST or not number):
            size += len(self._waiting[number][0])
            number += 1
        taken, self._waiting = self._waiting[:number], self._waiting[number:]
        return taken

    async def _settle(self, taken: list[tuple[Sequence[Event], asyncio.Future[None]]]) -> None:
        """Write the events of those who wait and tell each how it went."""
        try:
            await self._in_time([event for events, _ in taken for event in events])
        except DataError:
            await self._settle_alone(taken)
        except BaseException as error:
            _log.error("the audit cannot be written: %s", type(error).__name__)
            for _, done in taken:
                _refuse(done)
            if not isinstance(error, Exception):
                raise
        else:
            for _, done in taken:
                if not done.done():
                    done.set_result(None)

    async def _in_time(self, events: Sequence[Event]) -> None:
        """Write events. Raises TimeoutError after so long, also when the database is too far away to be told so."""
        writing = asyncio.create_task(self._written(events))
        # Not a timeout around it: to cancel a statement waits for the database too, and that may be what is away.
        await asyncio.wait({writing}, timeout=self._patience)
        if not writing.done():
            writing.add_done_callback(lambda task: task.cancelled() or task.exception())
            writing.cancel()
            raise TimeoutError
        writing.result()

    async def _written(self, events: Sequence[Event]) -> None:
        async with lend(self._pool) as connection:
            await write(connection, events, self._epoch)

    async def _settle_alone(self, taken: list[tuple[Sequence[Event], asyncio.Future[None]]]) -> None:
        """Write the events of each request by themselves: one that cannot be written fails no other."""
        if len(taken) == 1:
            _log.error("an event cannot be written: its values are none of the columns'")
            _refuse(taken[0][1])
            return
        for one in taken:
            await self._settle([one])


def _refuse(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_exception(unrecorded())


def unrecorded() -> Unavailable:
    """Return the error of a request that cannot be answered, because that cannot be recorded."""
    return Unavailable.of(
        "The audit cannot be written now, so nothing is answered; send the same request again later.",
        "Hiện không ghi được nhật ký truy cập nên hệ thống không trả lời; hãy gửi lại yêu cầu này sau.",
    )
