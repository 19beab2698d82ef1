"""One log line a request: its id, method, route, status, time and client; never an id of a record, nor a query.

The id goes back as X-Request-Id. https://hl7.org/fhir/R4/http.html#custom
"""

import logging
import re
import time
from collections.abc import Callable
from uuid import UUID

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils import uuid7

from app.api.loglines import FIELDS, REQUEST
from app.api.proxies import is_proxied
from app.api.routes import route_of

_UUID = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SAFE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_log = logging.getLogger("tramy.request")


class Logged:
    """Gives each request an id, `request_id` in its scope, and tells how it ended."""

    def __init__(self, app: ASGIApp, clock: Callable[[], float] = time.perf_counter) -> None:
        self.app, self._clock = app, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = self._clock(), 500
        added = _identified(scope)

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *added]
            await send(message)

        token = REQUEST.set(scope["request_id"])
        try:
            await self.app(scope, receive, told)
        finally:
            if _log.isEnabledFor(logging.INFO):
                _tell(_line(scope, status, self._clock() - began))
            REQUEST.reset(token)


def _tell(line: dict[str, str | int | float]) -> None:
    # Made by hand, since looking for the place of the call would take longer than all the rest.
    record = logging.LogRecord(_log.name, logging.INFO, __file__, 0, "answered", (), None)
    setattr(record, FIELDS, line)
    _log.handle(record)


def _identified(scope: Scope) -> list[tuple[bytes, bytes]]:
    """Give a request its id and return the headers that tell it: a trusted proxy's, if it is a UUID, or a new one."""
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"").decode("latin-1")
    if given and is_proxied(scope) and _UUID.fullmatch(given):
        scope["request_id"] = str(UUID(given))
        return [(b"x-request-id", scope["request_id"].encode())]
    scope["request_id"] = str(uuid7())
    own = (b"x-request-id", scope["request_id"].encode())
    return [own, (b"x-correlation-id", given.encode())] if _SAFE.fullmatch(given) else [own]


def _line(scope: Scope, status: int, seconds: float) -> dict[str, str | int | float]:
    caller = scope.get("caller")
    return {
        "request": scope["request_id"],
        "method": scope["method"],
        "route": route_of(scope),
        "status": status,
        "ms": round(seconds * 1000, 1),
        "client": caller.client if caller is not None else "",
    }
