"""How slowly a body may come: a line may be thin, but nobody holds a place by sending a byte now and then."""

import asyncio
import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import TooSlow

GRACE = 30.0
"""Seconds after which a body must have come at the pace on average."""
PACE = 500
"""Bytes a second: a quarter of what the slowest mobile lines carry."""


class Paced:
    """Ends the wait for a body of which nothing comes for `idle` seconds, or less than the pace."""

    def __init__(self, app: ASGIApp, idle: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.app, self._idle, self._clock = app, idle, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = _Body(receive, self._idle, self._clock)

        async def told(message: Message) -> None:
            # What is still to come of the body would be taken for the next request.
            if body.late and message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        await self.app(scope, body.receive, told)


class _Body:
    """The body of one request as it comes."""

    def __init__(self, receive: Receive, idle: float, clock: Callable[[], float]) -> None:
        self._receive, self._idle, self._clock = receive, idle, clock
        self._began: float | None = None
        self._size, self._whole = 0, False
        self.late = False

    async def receive(self) -> Message:
        """Return the next part. Raises TooSlow when it does not come in time."""
        if self._whole:
            return await self._receive()
        began = self._began = self._began or self._clock()
        try:
            async with asyncio.timeout(self._idle):
                message = await self._receive()
        except TimeoutError:
            raise self._slow() from None
        self._size += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        took = self._clock() - began
        if not self._whole and took > GRACE and self._size < took * PACE:
            raise self._slow()
        return message

    def _slow(self) -> TooSlow:
        self.late = True
        return too_slow()


def too_slow() -> TooSlow:
    """Return the error of a body that does not come in time."""
    return TooSlow.of(
        "The body did not come in time; send it again, in smaller parts or compressed.",
        "Nội dung gửi đến quá chậm; hãy gửi lại, chia nhỏ hoặc nén.",
    )
