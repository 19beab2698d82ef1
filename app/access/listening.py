"""Hearing at once, in every worker, that a right has changed; while that cannot be heard, nothing is believed.

https://www.postgresql.org/docs/current/sql-listen.html
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
from asyncpg.exceptions import InterfaceError, InternalClientError, PostgresError

from app.access.changes import CHANNEL

_BEAT = 1.0
"""Seconds between two proofs that the connection still hears."""
_TRUSTED = 3.0
"""Seconds for which such a proof counts."""
_AGAIN = 0.5
_AWAY = (OSError, TimeoutError, PostgresError, InterfaceError, InternalClientError)


class Listening:
    """A connection of its own that hears of changes and calls `heard` with the digest of a token, or b"" for all."""

    def __init__(self, url: str, heard: Callable[[bytes], None], beat: Callable[[], Awaitable[None]]) -> None:
        self._url, self._heard, self._beat = url, heard, beat
        self._until = 0.0

    @property
    def sure(self) -> bool:
        """Whether every change until a moment ago has been heard."""
        return time.monotonic() < self._until

    async def run(self) -> None:
        """Listen until cancelled; after a break everything that was known is forgotten."""
        while True:
            try:
                await self._listen()
            except _AWAY:
                await asyncio.sleep(_AGAIN)

    async def _listen(self) -> None:
        settings = {"application_name": "tramy-access"}
        connection = await asyncpg.connect(self._url, timeout=5, command_timeout=2, server_settings=settings)
        try:
            connection.add_termination_listener(self._broken)
            await connection.add_listener(CHANNEL, self._told)
            self._heard(b"")
            while True:
                asked = time.monotonic()
                # What was committed before this question is told before its answer.
                await connection.fetchval("select 1")
                self._until = asked + _TRUSTED
                await self._beat()
                await asyncio.sleep(_BEAT)
        finally:
            self._broken()
            connection.terminate()

    def _told(self, *told: Any) -> None:
        try:
            self._heard(bytes.fromhex(told[-1]))
        except ValueError:
            # Whoever said that, something may have changed.
            self._heard(b"")

    def _broken(self, *_: Any) -> None:
        self._until = 0.0
        self._heard(b"")
