"""How often a client may ask: a bucket of requests for each, filled evenly; each worker process counts for itself.

The fields are those of draft-ietf-httpapi-ratelimit-headers-06, the last with one field for each figure.
https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-06
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_network
from math import ceil
from typing import NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.language import answering
from app.api.outcome import error_response
from app.api.proxies import client_address, read_address
from app.errors import TooMany

MOST = 20_000
"""Keys that are remembered, in about 4 MB; the one that has been silent for longest is forgotten first."""
GUARDED = "/auth/"
"""The addresses below which the stricter limit for each network address holds."""

RawHeaders = list[tuple[bytes, bytes]]


class Allowance(NamedTuple):
    """Whether a request is let through, and what is left: `reset` and `retry` are seconds from now."""

    allowed: bool
    limit: int
    remaining: int
    reset: int
    retry: int

    def headers(self) -> RawHeaders:
        """Return the fields that tell a client."""
        told = [
            (b"ratelimit-limit", b"%d" % self.limit),
            (b"ratelimit-remaining", b"%d" % self.remaining),
            (b"ratelimit-reset", b"%d" % self.reset),
        ]
        return told if self.allowed else [*told, (b"retry-after", b"%d" % self.retry)]


class Rates:
    """A bucket for each key, of `burst` requests, into which come `rate` a second; with a rate of 0 there is no limit.

    Of a bucket only the time is kept at which it will be full again.
    """

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic, most: int = MOST) -> None:
        self._each = 1 / rate if rate else 0.0
        self._burst, self._clock, self._most = burst, clock, most
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, key: str) -> Allowance:
        """Take a request out of the bucket of this key; one that finds it empty takes nothing."""
        now = self._clock()
        full_at = max(self._full_at.get(key, now), now)
        # The hair absorbs what adding up fractions of a second loses.
        room = self._burst * self._each - (full_at - now) + 1e-9
        allowed = room >= self._each
        if allowed and self._each:
            full_at += self._each
            room -= self._each
            self._remember(key, full_at)
        left = int(room / self._each) if self._each else self._burst
        retry = 0 if allowed else max(1, ceil(self._each - room))
        return Allowance(allowed, self._burst, left, ceil(full_at - now), retry)

    def _remember(self, key: str, full_at: float) -> None:
        self._full_at[key] = full_at
        self._full_at.move_to_end(key)
        if len(self._full_at) > self._most:
            self._full_at.popitem(last=False)


class ClientRates:
    """The buckets of those who have signed in: a limit for all, and another for programs that have one of their own."""

    def __init__(self, rate: int, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._limits: dict[int | None, Rates] = {None: Rates(rate, burst, clock)}

    def of(self, own: int | None) -> Rates:
        """Return the buckets for a program that may send so many requests a minute, None for as many as all."""
        if own not in self._limits and own is not None:
            self._limits[own] = Rates(own / 60, own, self._clock)
        return self._limits[own]


def address_key(scope: Scope) -> str:
    """Return the key of where a request comes from: an IPv4 address, or the /64 that one IPv6 subscriber has."""
    address = read_address(client_address(scope))
    return str(ip_network((address, 64), strict=False) if isinstance(address, IPv6Address) else address)


def admit(scope: Scope, rates: Rates, key: str) -> None:
    """Let a request through or raise TooMany; what is left is told in the headers of the answer either way."""
    scope["allowance"] = allowance = rates.take(key)
    if not allowance.allowed:
        raise too_many(allowance)


def charge(scope: Scope) -> None:
    """Count a token that was refused. Raises TooMany, to be answered in its place, when there were too many of them.

    The address is not shut out: behind it may be others, whose tokens are good.
    """
    rates: Rates | None = scope.get("address_rates")
    if rates is not None:
        admit(scope, rates, address_key(scope))


def too_many(allowance: Allowance) -> TooMany:
    """Return the error of a client that asks too often."""
    return TooMany.of(
        f"Too many requests; go on after {allowance.retry} s.",
        f"Quá nhiều yêu cầu; hãy gửi tiếp sau {allowance.retry} giây.",
    )


class Rated:
    """Holds the limit for each network address on what signs in, and tells in every answer what is left."""

    def __init__(self, app: ASGIApp, addresses: Rates) -> None:
        self.app, self._addresses = app, addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def told(message: Message) -> None:
            allowance: Allowance | None = scope.get("allowance")
            if allowance is not None and message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *allowance.headers()]
            await send(message)

        scope["address_rates"] = self._addresses
        if scope["path"].startswith(GUARDED):
            scope["allowance"] = self._addresses.take(address_key(scope))
            if not scope["allowance"].allowed:
                with answering(scope):
                    response = error_response(too_many(scope["allowance"]))
                await response(scope, receive, told)
                return
        await self.app(scope, receive, told)
