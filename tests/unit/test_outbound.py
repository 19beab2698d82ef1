"""Other machines are asked only when they are listed, and what they answer is bounded."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.access import outbound
from app.access.outbound import Outbound
from app.errors import BadParameter, Unavailable
from tests.api.sign_in.publisher import Publisher, publishing

LISTED = Outbound(("keys.example", "keys.example.vn:8443", "127.0.0.1:8080", "[::1]"))

ALLOWED = [
    "https://keys.example/jwks",
    "https://KEYS.example/jwks",
    "https://keys.example:444/jwks?v=1",
    "https://keys.example.vn:8443/",
    "http://127.0.0.1:8080/jwks",
    "http://[::1]/jwks",
]
REFUSED = [
    "http://keys.example/jwks",
    "https://keys.example.evil.test/",
    "https://evilkeys.example/",
    "https://keys.example@evil.test/",
    "https://evil.test/keys.example",
    "https://evil.test#keys.example",
    "https://evil.test\\@keys.example/",
    "https://keys.example\\@evil.test/",
    "https://keys.example./jwks",
    "https://keys.example.vn/",
    "https://keys.example.vn:443/",
    "http://127.0.0.1/jwks",
    "http://127.0.0.1:80801/",
    "http://127.1:8080/",
    "http://2130706433:8080/",
    "http://0177.0.0.1:8080/",
    "http://localhost:8080/",
    "https://169.254.169.254/latest/meta-data",
    "https://[::ffff:127.0.0.1]/",
    "file:///etc/passwd",
    "ftp://keys.example/",
    "gopher://keys.example/",
    "//keys.example/",
    "keys.example",
    "https://keys.example/a b",
    "https://keys.example/\r\nHost: evil.test",
    "https://keys.example\t.evil.test/",
    "https://keys.example/\N{LATIN SMALL LETTER E WITH ACUTE}",
    "https://k\N{FULLWIDTH LATIN SMALL LETTER E}ys.example/",
    "https://user:password@keys.example/",
    "https://keys.example/#part",
    "https://",
    "",
]


@pytest.mark.parametrize("address", ALLOWED)
def test_a_host_of_the_list_may_be_asked(address: str) -> None:
    LISTED.require(address)


@pytest.mark.parametrize("address", REFUSED)
def test_any_other_address_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(BadParameter) as caught:
        LISTED.require(address)
    assert len(address) < 10 or address not in str(caught.value)


@pytest.fixture
async def published() -> AsyncIterator[Publisher]:
    async with publishing() as made:
        yield made


async def test_a_document_is_returned_as_it_is(published: Publisher) -> None:
    published.documents["/jwks"] = '{"keys": []}'
    assert await Outbound((published.host,)).fetch(f"{published.base}/jwks") == b'{"keys": []}'


ANSWERS: dict[str, bytes] = {
    "a redirect": b"HTTP/1.1 302 Found\r\nlocation: /jwks\r\ncontent-length: 0\r\n\r\n",
    "an error": b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n",
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "compressed": b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}",
    "too much": b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + b" " * (outbound.LARGEST + 1),
    "cut": b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{}",
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_any_other_answer_is_none(published: Publisher, name: str) -> None:
    published.documents["/jwks"] = "{}"
    published.answers["/odd"] = ANSWERS[name]
    with pytest.raises(Unavailable):
        await Outbound((published.host,)).fetch(f"{published.base}/odd")
    assert published.asked == ["/odd"]


async def test_an_answer_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "LONGEST", 0.05)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(Unavailable):
            await Outbound((host,)).fetch(f"http://{host}/jwks")


async def test_a_proxy_of_the_environment_is_not_asked(published: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    published.documents["/jwks"] = "{}"
    assert await Outbound((published.host,)).fetch(f"{published.base}/jwks") == b"{}"
