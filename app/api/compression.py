"""gzip in both directions: bodies are taken apart as they arrive, answers made smaller for lines that are slow.

https://www.rfc-editor.org/rfc/rfc9110#field.content-encoding and https://www.rfc-editor.org/rfc/rfc1952
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.weighed import weighed
from app.errors import Malformed, UnsupportedMedia

SMALLEST = 1024
"""The bytes of an answer below which compressing gains nothing."""
READ = {"Accept-Encoding": "gzip"}
"""The header that says which coding of a body is read."""
_LEVEL = 4
_FORMAT = zlib.MAX_WBITS | 16  # gzip, neither zlib's own format nor raw.
_PIECE = 1024 * 1024
_WINDOW = 64 * 1024
_MEMBERS = 10_000
_THREAD = 256 * 1024
_VARY = (b"vary", b"Accept-Encoding")
_GZIP = {"gzip", "x-gzip"}

RawHeaders = list[tuple[bytes, bytes]]


def codings(headers: Headers) -> list[str]:
    """Return the codings of a body, in the order they were put on it."""
    stated = ",".join(headers.getlist("content-encoding")).lower().split(",")
    return [coding for part in stated if (coding := part.strip()) not in ("", "identity")]


def is_read(found: list[str]) -> bool:
    """Say whether a body with these codings is read: none, or gzip once."""
    return not found or (len(found) == 1 and found[0] in _GZIP)


def is_gzip(headers: Headers) -> bool:
    """Say whether a body is gzip. Raises UnsupportedMedia for another coding, or for one on top of another."""
    found = codings(headers)
    if not is_read(found):
        raise UnsupportedMedia.of(
            "Send the body as it is or compressed once with gzip.",
            "Hãy gửi nội dung không nén hoặc chỉ nén một lần bằng gzip.",
            "Content-Encoding",
        )
    return bool(found)


async def unzipped(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield what is in gzip, in pieces of at most a megabyte, so that a limit can be held on the way.

    Members that follow one another are one content; nothing is nothing. Raises Malformed for what is not gzip,
    is broken, ends early or goes on after its end.
    """
    content = _Content()
    async for part in parts:
        for start in range(0, len(part), _WINDOW):
            for piece in content.feed(part[start : start + _WINDOW]):
                yield piece
                if len(piece) == _PIECE:
                    # A small part may hold very much; others are answered in between.
                    await asyncio.sleep(0)
    content.end()


class _Content:
    """What comes out of gzip, member after member."""

    def __init__(self) -> None:
        self._member = None
        self._members = 0

    def feed(self, part: bytes) -> Iterator[bytes]:
        """Yield what comes out of some bytes more."""
        full = False
        while part or full:
            member = self._member or self._begin()
            try:
                piece = member.decompress(part, _PIECE)
            except zlib.error:
                raise _broken() from None
            if piece:
                yield piece
            # Where a piece is full there may be more inside although every byte was taken in.
            full = len(piece) == _PIECE and not member.eof
            part = member.unused_data if member.eof else member.unconsumed_tail
            self._member = None if member.eof else member

    def end(self) -> None:
        """Raise Malformed when a member has not ended."""
        if self._member is not None:
            raise _broken()

    def _begin(self):
        # Each takes its time and may hold nothing, so that no limit on bytes would end it.
        self._members += 1
        if self._members > _MEMBERS:
            raise _broken()
        return zlib.decompressobj(_FORMAT)


def _broken() -> Malformed:
    return Malformed.of(
        "The body is not whole gzip, as Content-Encoding says; compress it again.",
        "Nội dung không phải gzip nguyên vẹn như Content-Encoding đã ghi; hãy nén lại.",
        "Content-Encoding",
    )


def takes_gzip(accept: str) -> bool:
    """Say whether Accept-Encoding takes gzip, and likes it no less than what is not compressed."""
    weights = weighed(accept)
    weight = max((weights[name] for name in _GZIP if name in weights), default=weights.get("*", 0.0))
    return weight > 0 and weight >= weights.get("identity", 0.0)


async def packed(body: bytes | memoryview, headers: RawHeaders, accept: str) -> bytes | memoryview:
    """Return the body to send to a client with this Accept-Encoding, and change the headers to fit.

    The ETag stays, since those given here are weak.
    """
    headers.append(_VARY)
    if len(body) < SMALLEST or not takes_gzip(accept) or any(name == b"content-encoding" for name, _ in headers):
        return body
    # zlib lets other threads run while it works.
    small = _zipped(body) if len(body) < _THREAD else await asyncio.to_thread(_zipped, body)
    if len(small) >= len(body):
        return body
    headers[:] = [(name, value) for name, value in headers if name != b"content-length"]
    headers += [(b"content-encoding", b"gzip"), (b"content-length", str(len(small)).encode())]
    return small


def _zipped(body: bytes | memoryview) -> bytes:
    """Return gzip without a time in it, so that the same content is the same bytes."""
    work = zlib.compressobj(_LEVEL, zlib.DEFLATED, _FORMAT)
    return work.compress(body) + work.flush()


class Compressed:
    """Compresses JSON that another application sends whole; what is no JSON or comes in parts passes as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        accept = ",".join(Headers(scope=scope).getlist("accept-encoding"))
        held: list[Message] = []

        async def passed(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_json(message):
                held.append(message)
                return
            if held:
                start = held.pop()
                if not message.get("more_body", False):
                    headers = list(start["headers"])
                    body = await packed(message.get("body", b""), headers, accept)
                    start, message = {**start, "headers": headers}, {**message, "body": body}
                await send(start)
            await send(message)

        await self.app(scope, receive, passed)


def _is_json(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    return "json" in headers.get("content-type", "") and "content-encoding" not in headers
