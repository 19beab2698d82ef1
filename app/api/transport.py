"""The connection itself: how long the head of a request may be and take, and how long an answer may go unread.

uvicorn bounds neither; with h11 in the place of httptools it would bound the first. https://www.rfc-editor.org/rfc/rfc6585
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

HEAD = 64 * 1024
"""Bytes of a request line and its headers; the longest links to a next page are a quarter of it."""
HEADERS = 200
WAIT = 20.0
"""Seconds that a head may take from its connection, or from the end of the time that a connection may idle."""
UNREAD = 60.0
"""Seconds that a client may leave an answer unread."""


class Bounded(HttpToolsProtocol):
    """HTTP/1.1 with bounds."""

    _head = 0
    _in_head = False
    _refused = 0
    _waiting: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Wait for the first head."""
        super().connection_made(transport)
        self._wait(WAIT)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._cease()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what has come, unless the head goes on for too long."""
        super().data_received(data)
        if self._in_head and not self._refused:
            # The parser keeps a header to itself until it is whole.
            self._head += len(data)
            if self._head > 2 * HEAD:
                self._refuse(431)

    def on_message_begin(self) -> None:
        """Begin a head."""
        super().on_message_begin()
        self._head, self._in_head = 0, True

    def on_url(self, url: bytes) -> None:
        """Take a part of the address."""
        self._count(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; also one after a body that came in chunks, which is bounded alike."""
        self._count(name + value)
        if len(self.headers) >= HEADERS:
            self._refused = 431
            raise ValueError
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """End the head."""
        self._in_head = False
        self._cease()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Wait for the next head, unless a request that came along is under way."""
        super().on_response_complete()
        if self.cycle.response_complete:
            self._wait(self.timeout_keep_alive + WAIT)

    def pause_writing(self) -> None:
        """Wait for the client to read."""
        super().pause_writing()
        self._unread = self._unread or self.loop.call_later(UNREAD, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on."""
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """Answer what is no request; also what was ended here, which the parser takes for that."""
        self._refuse(self._refused or 400)

    def _count(self, part: bytes) -> None:
        self._head += len(part)
        if self._head > HEAD:
            self._refused = 431
            raise ValueError

    def _wait(self, seconds: float) -> None:
        self._cease()
        self._waiting = self.loop.call_later(seconds, self._late)

    def _cease(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _late(self) -> None:
        if self._in_head:
            self._refuse(408)
        else:
            self.transport.close()

    def _is_answering(self) -> bool:
        """Say whether another answer is under way, of which these lines would be taken for a part."""
        cycle = self.cycle
        return bool(self.pipeline) or (cycle is not None and cycle.response_started and not cycle.response_complete)

    def _refuse(self, status: int) -> None:
        self._refused = status
        if not self.transport.is_closing() and not self._is_answering():
            head = b"content-length: 0\r\nconnection: close\r\nx-content-type-options: nosniff\r\n\r\n"
            self.transport.write(STATUS_LINE[status] + head)
        self.transport.close()
