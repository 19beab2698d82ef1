"""Who a token belongs to: ours by its digest, an outside provider's by its signature. One question for every request.

https://www.rfc-editor.org/rfc/rfc6750, https://hl7.org/fhir/smart-app-launch/backend-services.html
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from hashlib import sha256

from asyncpg import InterfaceError, InternalClientError, Pool, PostgresError

from app.access import assertions, tokens
from app.access.caller import Caller
from app.access.external import External
from app.access.kept import Kept
from app.access.listening import Listening
from app.access.refusals import no_token
from app.access.scope import read_scopes
from app.access.tokens import digest_of
from app.store.pool import lend

UnitsOf = Callable[[tuple[str, ...]], tuple[str, ...]]
_MOST = 16_384
_SWEPT = timedelta(minutes=1)


class Authority:
    """Knows callers by their tokens.

    They are kept in memory only inside `listening`, while every change of rights is heard at once; without that each
    token is looked up each time.
    """

    def __init__(
        self, pool: Pool, clock: Callable[[], datetime], units_of: UnitsOf, external: External | None = None
    ) -> None:
        self._pool, self._clock, self._units_of, self._external = pool, clock, units_of, external
        self._kept = Kept()
        self._listening: Listening | None = None
        self._swept_at: datetime | None = None

    @property
    def keeps(self) -> bool:
        """Whether callers are kept in memory now."""
        return self._listening is not None and self._listening.sure

    async def caller(self, token: str) -> Caller:
        """Return who a token belongs to. Raises Unauthenticated for any that is not valid now."""
        if len(token) > _MOST or not token.isascii():
            raise no_token()
        now = self._clock()
        digest = sha256(token.encode()).digest()
        sure = self._listening is not None and self._listening.sure
        if sure and (kept := self._kept.get(digest, now)) is not None:
            return kept
        since = self._kept.round
        caller, until = await self._read(token, now)
        if sure and self.keeps:
            self._kept.put(digest, caller, until, since)
        return caller

    @asynccontextmanager
    async def listening(self, url: str) -> AsyncIterator[None]:
        """Hear of changes on a connection of its own to the database, and forget what has ended, while this lasts."""
        self._listening = Listening(url, self._kept.forget, self._tidy)
        task = asyncio.create_task(self._listening.run())
        try:
            yield
        finally:
            self._listening = None
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def sweep(self, now: datetime) -> None:
        """Delete used assertions and tokens whose time is long over."""
        async with lend(self._pool) as connection:
            await assertions.sweep(connection, now)
            await tokens.sweep(connection, now)

    async def _tidy(self) -> None:
        """Sweep once a minute; what cannot be swept now is swept the next time."""
        now = self._clock()
        if self._swept_at is None or abs(now - self._swept_at) > _SWEPT:
            self._swept_at = now
            # Hearing goes before sweeping: it does not wait for a connection that others use.
            with suppress(OSError, TimeoutError, PostgresError, InterfaceError, InternalClientError):
                async with asyncio.timeout(1):
                    await self.sweep(now)

    async def _read(self, text: str, now: datetime) -> tuple[Caller, datetime]:
        digest = digest_of(text)
        if digest is None:
            if self._external is None:
                raise no_token()
            return await self._external.caller(text, now, self._units_of)
        async with lend(self._pool) as connection:
            found = await tokens.find(connection, digest, now)
        if found is None:
            raise no_token()
        token, rate = found
        caller = Caller(
            token.client,
            token.organization,
            token.places,
            read_scopes(token.scopes),
            token.user_id,
            units=self._units_of(token.places),
            rate=rate,
        )
        return caller, token.expires_at
