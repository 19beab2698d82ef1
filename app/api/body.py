"""The body of a request, never more of it than is taken."""

import re
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request

from app.api.compression import is_gzip, unzipped
from app.errors import Malformed, TooLarge

_LENGTH = re.compile(r"\d{1,20}", re.ASCII)


async def read_body(request: Request, limit: int) -> bytes:
    """Return the bytes of a body, uncompressed.

    Raises TooLarge beyond `limit` bytes, as they are sent or uncompressed, and unread when the length is stated;
    Malformed for broken gzip; UnsupportedMedia for another compression.
    """
    compressed = is_gzip(request.headers)
    stated = request.headers.get("content-length", "")
    # What else a header may hold is no number, or one that Python refuses to read.
    if _LENGTH.fullmatch(stated) and int(stated) > limit:
        raise _too_large(limit)
    parts = _bounded(request.stream(), limit)
    if compressed:
        parts = _bounded(unzipped(parts), limit)
    try:
        return b"".join([part async for part in parts])
    except ClientDisconnect:
        raise Malformed.of("The body ended early.", "Nội dung bị ngắt giữa chừng.") from None


async def _bounded(parts: AsyncIterator[bytes], limit: int) -> AsyncIterator[bytes]:
    size = 0
    async for part in parts:
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        yield part


def _too_large(limit: int) -> TooLarge:
    return TooLarge.of(
        f"A body may have at most {limit} bytes; send several.",
        f"Nội dung tối đa {limit} byte; hãy chia nhỏ.",
    )
