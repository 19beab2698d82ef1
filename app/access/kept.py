"""Callers that were looked up a moment ago, so that a token is not looked up for each of its requests."""

from datetime import datetime

from app.access.caller import Caller

MOST = 20_000


class Kept:
    """A bounded memory from digests of tokens to callers.

    `round` grows whenever something is forgotten: what was read before must not be kept after.
    """

    __slots__ = ("_callers", "round")

    def __init__(self) -> None:
        self._callers: dict[bytes, tuple[Caller, datetime]] = {}
        self.round = 0

    def get(self, digest: bytes, now: datetime) -> Caller | None:
        """Return the caller of a token that is valid yet, None where it is not known."""
        found = self._callers.get(digest)
        return found[0] if found is not None and found[1] > now else None

    def put(self, digest: bytes, caller: Caller, until: datetime, since: int) -> None:
        """Keep a caller that was read in the round `since`, unless something was forgotten meanwhile."""
        if since != self.round:
            return
        if len(self._callers) >= MOST:
            self._callers.pop(next(iter(self._callers)))
        self._callers[digest] = (caller, until)

    def forget(self, digest: bytes = b"") -> None:
        """Forget one token, or without a digest all of them."""
        self.round += 1
        if digest:
            self._callers.pop(digest, None)
        else:
            self._callers.clear()
