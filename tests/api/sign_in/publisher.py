"""A machine that publishes documents over HTTP, as programs and providers do with their keys."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Publisher:
    """Serves `documents` by path; a whole answer, as bytes, may stand in `answers` instead. It counts what is asked."""

    def __init__(self) -> None:
        self.documents: dict[str, str] = {}
        self.answers: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.port = 0

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def base(self) -> str:
        return f"http://{self.host}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ")[1].decode()
            self.asked.append(path)
            writer.write(self.answers.get(path) or _answer(self.documents.get(path)))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


def _answer(document: str | None) -> bytes:
    if document is None:
        return b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    body = document.encode()
    return b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


@asynccontextmanager
async def publishing() -> AsyncIterator[Publisher]:
    publisher = Publisher()
    server = await asyncio.start_server(publisher.serve, "127.0.0.1", 0)
    publisher.port = server.sockets[0].getsockname()[1]
    async with server:
        yield publisher
