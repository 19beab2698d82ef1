"""A small HTTP/1.1 client for measuring: raw sockets, kept alive, one request at a time on each.

https://www.rfc-editor.org/rfc/rfc9112
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

from app.errors import TramyError

FHIR = "application/fhir+json"
PATIENCE = 120.0
"""Seconds after which an answer is no longer waited for."""
_SHOWN = 300
SIGNED: list[bytes] = []
"""The header of the token that requests carry, once a server has been started that asks for one."""


@dataclass
class Traffic:
    """What came of a run: the seconds each answer took, and the seconds of the whole run."""

    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds


def request(method: str, path: str, body: bytes = b"") -> bytes:
    """Write a request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Accept: {FHIR}, application/json"]
    if body:
        lines += [f"Content-Type: {FHIR}", f"Content-Length: {len(body)}"]
    return "\r\n".join((*lines, "", "")).encode() + body


def signed(message: bytes) -> bytes:
    """Return a request with the header of the token, as it is when the request is sent."""
    return message.replace(b"\r\n\r\n", b"\r\n" + SIGNED[0] + b"\r\n\r\n", 1) if SIGNED else message


async def run(
    port: int,
    requests: Sequence[bytes] | Iterator[bytes],
    *,
    status: int,
    concurrency: int,
    seconds: float | None = None,
) -> Traffic:
    """Send the requests over `concurrency` connections until there are no more, or for so many seconds.

    `status` is the status of every good answer, or its first digit where requests are of several kinds.

    Raises TramyError for an answer with another status, and for a connection that ends early.
    """
    traffic, feed = Traffic(), iter(requests)
    began = time.perf_counter()
    end = began + seconds if seconds is not None else float("inf")
    loop = asyncio.get_running_loop()
    lines = []
    try:
        for _ in range(concurrency):
            _, line = await loop.create_connection(lambda: _Line(feed, traffic, status, end), "127.0.0.1", port)
            lines.append(line)
        limit = PATIENCE if seconds is None else PATIENCE + seconds
        await asyncio.wait_for(asyncio.gather(*(line.done for line in lines)), limit)
    finally:
        for line in lines:
            line.hang_up()
    traffic.seconds = time.perf_counter() - began
    return traffic


class _Line(asyncio.Protocol):
    """One connection: the next request is sent when the answer to the last one is whole."""

    def __init__(self, feed: Iterator[bytes], traffic: Traffic, status: int, end: float) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._feed, self._traffic, self._end = feed, traffic, end
        self._good = b"HTTP/1.1 %d" % status
        self._held = b""
        self._size: int | None = None
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._next()

    def data_received(self, data: bytes) -> None:
        self._held = self._held + data if self._held else data
        try:
            self._size = self._size or length(self._held)
            if self._size is None or len(self._held) < self._size:
                return
            if not self._held.startswith(self._good):
                raise _wrong(self._held)
        except TramyError as error:
            self._fail(error)
            return
        now = time.perf_counter()
        self._traffic.latencies.append(now - self._sent)
        self._held, self._size = b"", None
        if now < self._end:
            self._next()
        else:
            self._finish()

    def connection_lost(self, exc: Exception | None) -> None:
        why = type(exc).__name__ if exc else "closed"
        self._fail(TramyError.of(f"A connection ended early ({why}).", f"Kết nối bị ngắt giữa chừng ({why})."))

    def hang_up(self) -> None:
        """Close the connection; what is still expected is given up."""
        self.done.cancel()
        self._transport.close()

    def _next(self) -> None:
        message = next(self._feed, None)
        if message is None:
            self._finish()
            return
        self._sent = time.perf_counter()
        self._transport.write(signed(message))

    def _finish(self) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def _fail(self, error: TramyError) -> None:
        if not self.done.done():
            self.done.set_exception(error)


def length(held: bytes) -> int | None:
    """Return the bytes of the first answer in `held`, None while its head is not whole.

    Raises TramyError for an answer whose length is not stated.
    """
    head = held.find(b"\r\n\r\n")
    if head < 0:
        return None
    start = held.lower().find(b"\r\ncontent-length:", 0, head)
    if start < 0:
        if held.startswith((b"HTTP/1.1 204", b"HTTP/1.1 304")):
            return head + 4
        raise TramyError.of("An answer did not state its length.", "Câu trả lời không ghi độ dài.")
    return head + 4 + int(held[start + 17 : held.index(b"\r\n", start + 17)])


def _wrong(held: bytes) -> TramyError:
    # Everybody in these answers is invented, so the beginning may be shown.
    shown = held[:15].decode("ascii", "replace") + " ... " + held[-_SHOWN:].decode("utf-8", "replace")
    return TramyError.of(
        f"An answer had another status than expected: {shown}", f"Trạng thái không như mong đợi: {shown}"
    )
