"""Keys that others publish at an address: kept for a while, and asked for again when a new one is used.

https://openid.net/specs/openid-connect-core-1_0.html#RotateSigningKeys
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from app.access.keys import Kinds, PublicKey, read_keys
from app.errors import BadParameter, Unavailable

FRESH = 300.0
"""Seconds after which keys are asked for again: one that was withdrawn must not be believed for ever."""
SOONEST = 30.0
"""Seconds between two questions, whatever ids of keys strangers make up."""
STALE = 3600.0
"""Seconds for which keys are believed while their address does not answer."""


class Published:
    """The keys at one address. `ask` returns the set; `ticks` counts seconds and never runs backwards."""

    def __init__(self, ask: Callable[[], Awaitable[bytes]], kinds: Kinds, ticks: Callable[[], float] = time.monotonic):
        self._ask, self._kinds, self._ticks = ask, kinds, ticks
        self._keys: dict[str, PublicKey] = {}
        self._read_at = self._asked_at = float("-inf")
        self._one = asyncio.Lock()

    async def key(self, kid: str) -> PublicKey | None:
        """Return the key of an id, None where none is published. Raises Unavailable while nothing is known."""
        if self._due(kid):
            async with self._one:
                if self._due(kid):
                    await self._renew()
        if self._ticks() - self._read_at > STALE:
            raise Unavailable.of(
                "The keys to check this with cannot be fetched now.", "Hiện không tải được khóa để kiểm tra."
            )
        return self._keys.get(kid)

    def _due(self, kid: str) -> bool:
        now = self._ticks()
        wanted = kid not in self._keys or now - self._read_at > FRESH
        return wanted and now - self._asked_at > SOONEST

    async def _renew(self) -> None:
        """Ask for the keys; without an answer that can be used the old ones stay."""
        self._asked_at = self._ticks()
        try:
            self._keys = read_keys(await self._ask(), self._kinds, lenient=True)
            self._read_at = self._ticks()
        except (Unavailable, BadParameter):
            return
