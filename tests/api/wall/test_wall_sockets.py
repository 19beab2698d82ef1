"""Abuse of the connection itself, on a real socket: bounded, answered, and nobody else waits."""

import asyncio
import gzip
import time
from contextlib import suppress

import httpx
import pytest
import uvicorn

import app.api.pace
import app.api.transport
from app.api.outcome import answer_to
from app.api.wall import walled
from app.cli.serve import transport
from app.config import Settings
from app.errors import TooSlow
from tests.api.wall.conftest import exchanged, front, listening
from tests.conftest import as_caller, opened

BODY = b'{"resourceType":"Patient"}'


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    return "\r\n".join((line, *headers, "", "")).encode() + body


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


async def others_are_served(port: int) -> None:
    async with httpx.AsyncClient() as client:
        began = time.perf_counter()
        assert (await client.get(f"http://127.0.0.1:{port}/health/live")).status_code == 200
        assert time.perf_counter() - began < 2


HOST = "Host: tramy.test"
GET = "GET /health/live HTTP/1.1"
POST = "POST /fhir/Patient HTTP/1.1"
TYPE = "Content-Type: application/fhir+json"


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (request(GET, HOST, "X-Long: " + "a" * 70_000), {431}),
        (f"{GET}\r\n{HOST}\r\nX-Endless: ".encode() + b"a" * 300_000, {0, 431}),
        (request(GET, HOST, *(f"X-{number}: a" for number in range(5000))), {431}),
        (request(GET, HOST, *("X-Many: " + "a" * 500 for _ in range(150))), {431}),
        (request(f"GET /fhir/Patient?_id={'a' * 70_000} HTTP/1.1", HOST), {431}),
        (request("GET /health/live HTTP/9.9", HOST), {400}),
        (request("GET\x00 / HTTP/1.1", HOST), {400}),
        (request("NONSENSE / HTTP/1.1", HOST), {400}),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100, {400}),
        (request(GET, HOST, "X-Fold: a\r\n b"), {200, 400}),
        (request(GET, HOST, "X Space: a"), {400}),
        (request(GET, HOST, "X-Nul: a\x00b"), {400}),
        (request(POST, HOST, TYPE, "Content-Length: -1", body=BODY), {400}),
        (request(POST, HOST, TYPE, "Content-Length: 26", "Content-Length: 5", body=BODY), {400}),
        (request(POST, HOST, TYPE, "Content-Length: 26", "Transfer-Encoding: chunked", body=BODY), {400}),
        (request(POST, HOST, TYPE, "Transfer-Encoding: chunked", body=b"zz\r\n"), {400}),
        (request(POST, HOST, TYPE, "Transfer-Encoding: chunked", body=b"1\r\n{\r\nffffffffffffffffff\r\n"), {400}),
        (request(POST, HOST, TYPE, "Content-Length: 99999999999999999999999", body=BODY), {400, 413}),
        (request(POST, HOST, TYPE, "Content-Length: 40000000", body=BODY), {413}),
        (request(POST, HOST, TYPE, "Content-Encoding: gzip", "Content-Length: 4", body=b"\x1f\x8b\x08\x00"), {400}),
        (request(POST, HOST, TYPE, "Content-Encoding: gzip, gzip", "Content-Length: 4", body=b"aaaa"), {415}),
        (request("GET /fhir/Patient?_count=1 HTTP/1.1", "Host: a b"), {400}),
        (request("GET /fhir/Patient?_count=1 HTTP/1.1", "Host: evil.example/path?"), {400}),
        (request("GET /fhir/Patient?_count=1 HTTP/1.1", "Host: a", "Host: b@c"), {400, 200}),
        (request("GET /fhir/Patient/a%0d%0aX-Evil:%201 HTTP/1.1", HOST), {404}),
        (request("GET /fhir/Patient/../../etc/passwd HTTP/1.1", HOST), {404}),
        (request("GET /fhir/Patient/%2e%2e%2f%2e%2e%2fetc%2fpasswd HTTP/1.1", HOST), {404}),
        (request("GET /docs/static/%2e%2e/%2e%2e/%2e%2e/pyproject.toml HTTP/1.1", HOST), {404}),
        (request("GET //evil.example/fhir/Patient HTTP/1.1", HOST), {404}),
        (request("GET http://evil.example/fhir/nothing HTTP/1.1", HOST), {404}),
        (request("OPTIONS * HTTP/1.1", HOST), {400, 404, 405}),
        (request("CONNECT evil.example:443 HTTP/1.1", HOST), {400, 404, 405}),
        (request("TRACE /fhir/Patient HTTP/1.1", HOST, "Cookie: a=b"), {405}),
        (request(GET, HOST, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: YQ=="), {200, 400}),
        (request(GET, HOST, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: YQ"), {200, 400}),
    ],
    ids=lambda value: repr(value[:60]) if isinstance(value, bytes) else "",
)
async def test_what_is_no_honest_request_is_refused_and_others_are_served(served, sent, expected):
    began = time.perf_counter()
    answer = await exchanged(served.port, served.let_in(sent), until=b"\r\n\r\n")
    assert status(answer) in expected, answer[:300]
    assert time.perf_counter() - began < 2
    head = answer.partition(b"\r\n\r\n")[0].lower()
    assert b"evil" not in head
    assert b"\r\nserver:" not in head
    await others_are_served(served.port)


@pytest.mark.parametrize(
    "header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL"]
)
async def test_no_header_changes_what_a_request_asks(served, header):
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{served.port}", headers=served.headers) as client:
        path = "/fhir/Patient/overridden"
        await client.put(
            path, content=b'{"resourceType":"Patient","id":"overridden"}', headers={"content-type": TYPE[14:]}
        )
        value = "/fhir/Patient/nobody" if header.endswith("URL") else "DELETE"
        assert (await client.get(path, headers={header: value})).status_code == 200
        assert (await client.get(f"{path}?_method=DELETE")).status_code == 400
        assert (await client.get(path)).status_code == 200


async def test_a_forged_host_is_in_no_answer_where_the_address_is_set(new_database):
    settings = Settings(base_url="https://ho-so.example/fhir")
    async with (
        opened(await new_database(), settings) as (inner, _),
        listening(front(inner, settings), settings) as port,
    ):
        sent = request(
            POST,
            "Host: evil.example",
            f"Authorization: {(await as_caller(inner))['Authorization']}",
            TYPE,
            f"Content-Length: {len(BODY)}",
            body=BODY,
        )
        answer = await exchanged(port, sent, until=b"resourceType")
    assert status(answer) == 201
    assert b"evil" not in answer
    assert b"location: https://ho-so.example/fhir/patient/" in answer.lower()


async def test_a_gzip_bomb_ends_at_the_limit(served):
    bomb = gzip.compress(b" " * 200_000_000, 9)
    sent = request(POST, HOST, TYPE, "Content-Encoding: gzip", f"Content-Length: {len(bomb)}", body=bomb)
    began = time.perf_counter()
    assert status(await exchanged(served.port, served.let_in(sent), until=b"\r\n\r\n")) == 413
    assert time.perf_counter() - began < 2


async def test_forty_megabytes_without_a_length_end_at_the_limit(served):
    chunk = b"%x\r\n" % 100_000 + b"a" * 100_000 + b"\r\n"
    sent = request(POST, HOST, TYPE, "Transfer-Encoding: chunked", body=chunk * 400)
    assert status(await exchanged(served.port, served.let_in(sent), until=b"\r\n\r\n")) in (0, 413)
    await others_are_served(served.port)


async def test_a_body_that_stops_coming_is_given_up_with_408(served):
    began = time.perf_counter()
    stopped = request(POST, HOST, TYPE, "Content-Length: 1000", body=BODY)
    waiting = [exchanged(served.port, served.let_in(stopped)) for _ in range(50)]
    answers = await asyncio.gather(*waiting, others_are_served(served.port))
    for answer in answers[:-1]:
        assert status(answer) == 408
        assert b"connection: close" in answer.lower()
        assert b'"timeout"' in answer
    assert time.perf_counter() - began < 5


async def echo(scope, receive, send):
    """Answer with the length of the body."""
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})


async def test_a_body_of_a_byte_now_and_then_is_given_up_and_a_thin_line_is_not(monkeypatch):
    monkeypatch.setattr(app.api.pace, "GRACE", 0.3)
    clock = time.monotonic

    async def sent(port: int, part: bytes, count: int, pause: float) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request("POST / HTTP/1.1", HOST, f"Content-Length: {len(part) * count}"))
        try:
            for _ in range(count):
                writer.write(part)
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        return await reader.read(4096)
            return await reader.read(4096)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def outer(scope, receive, send):
        try:
            await echo(scope, receive, send)
        except TooSlow as slow:
            await answer_to(slow)(scope, receive, send)

    settings = Settings(body_timeout=5.0)
    async with listening(walled(outer, settings), settings) as port:
        began = clock()
        assert status(await sent(port, b"a", 200, 0.05)) == 408
        assert clock() - began < 3
        assert status(await sent(port, b"a" * 200, 20, 0.05)) == 200


@pytest.mark.parametrize("sent", [b"", b"\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "])
async def test_a_connection_on_which_no_request_comes_is_closed(monkeypatch, sent):
    monkeypatch.setattr(app.api.transport, "WAIT", 0.5)
    settings = Settings()
    async with listening(walled(echo, settings), settings) as port:
        began = time.monotonic()
        answer = await exchanged(port, sent)
        assert 0.3 < time.monotonic() - began < 3
        assert status(answer) in (0, 408)


async def test_a_connection_kept_busy_with_single_bytes_of_a_head_is_closed(monkeypatch):
    monkeypatch.setattr(app.api.transport, "WAIT", 0.5)
    settings = Settings()
    async with listening(walled(echo, settings), settings) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
        got, began = b"", time.monotonic()
        while not reader.at_eof() and time.monotonic() - began < 5:
            try:
                writer.write(b"a")
                async with asyncio.timeout(0.05):
                    got += await reader.read(1000)
            except (TimeoutError, ConnectionError):
                continue
        writer.close()
    assert status(got) == 408
    assert time.monotonic() - began < 3


async def test_a_connection_that_idles_after_an_answer_is_closed(monkeypatch):
    monkeypatch.setattr(app.api.transport, "WAIT", 0.3)
    async with listening(walled(echo, Settings()), Settings(), timeout_keep_alive=0.3) as port:
        began = time.monotonic()
        answer = await exchanged(port, request("GET / HTTP/1.1", HOST))
    assert status(answer) == 200
    assert time.monotonic() - began < 3


async def test_requests_that_come_along_are_answered_in_order_and_are_not_cut_off(monkeypatch):
    monkeypatch.setattr(app.api.transport, "WAIT", 0.2)

    async def slow(scope, receive, send):
        await asyncio.sleep(0.5)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    async with listening(slow, Settings(), timeout_keep_alive=0.1) as port:
        sent = b"".join(request(f"GET /{name} HTTP/1.1", HOST) for name in "abc")
        answer = await exchanged(port, sent)
    assert answer.count(b"HTTP/1.1 200") == 3
    assert answer.index(b"/a") < answer.index(b"/b") < answer.index(b"/c")


async def test_an_answer_that_nobody_reads_is_not_held_for_ever(monkeypatch):
    monkeypatch.setattr(app.api.transport, "UNREAD", 0.5)
    ended = asyncio.Event()

    async def large(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            for _ in range(200):
                await send({"type": "http.response.body", "body": b"a" * 1_000_000, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            ended.set()

    async with listening(large, Settings()) as port:
        _reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1000)
        writer.write(request("GET / HTTP/1.1", HOST))
        async with asyncio.timeout(8):
            await ended.wait()
        writer.close()


async def test_more_connections_than_are_taken_are_answered_503_and_the_rest_goes_on():
    settings = Settings(connection_limit=10)
    async with listening(walled(echo, settings), settings) as port:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(10)]
        assert status(await exchanged(port, request("GET / HTTP/1.1", HOST), until=b"\r\n\r\n")) == 503
        for _, writer in held:
            writer.close()
            await writer.wait_closed()
        again = [await exchanged(port, request("GET / HTTP/1.1", HOST), until=b"\r\n\r\n") for _ in range(20)]
        assert 200 in map(status, again)


def test_uvicorn_believes_no_header_of_its_own_and_upgrades_nothing():
    config = uvicorn.Config(echo, **transport(Settings()))
    config.load()
    assert config.proxy_headers is False
    assert config.ws_protocol_class is None
    assert config.http_protocol_class is app.api.transport.Bounded
    assert config.limit_concurrency == 1000
