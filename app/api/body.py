"""The body of a request, never more of it than is taken."""

from starlette.requests import ClientDisconnect, Request

from app.errors import Malformed, TooLarge


async def read_body(request: Request, limit: int) -> bytes:
    """Return the bytes of a body. Raises TooLarge beyond `limit` bytes, unread when the length is stated."""
    stated = request.headers.get("content-length", "")
    if stated.isdigit() and int(stated) > limit:
        raise _too_large(limit)
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > limit:
                raise _too_large(limit)
            parts.append(part)
    except ClientDisconnect:
        raise Malformed.of("The body ended early.", "Nội dung bị ngắt giữa chừng.") from None
    return b"".join(parts)


def _too_large(limit: int) -> TooLarge:
    return TooLarge.of(
        f"A body may have at most {limit} bytes; send several.",
        f"Nội dung tối đa {limit} byte; hãy chia nhỏ.",
    )
