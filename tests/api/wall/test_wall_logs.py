"""No log holds what somebody sent: marked people, ids and tokens through every kind of request, then a grep."""

import asyncio
import gzip
import io
import json
import logging
import re
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import asyncpg
import httpx
import pytest

from app.access.tokens import ADMINISTRATOR
from app.api.guard import Guard
from app.api.loglines import writing
from app.api.wall import walled
from app.config import Settings
from tests.api.records import NATIONAL_ID, bundle, entry
from tests.api.wall.conftest import exchanged, front, listening
from tests.conftest import opened

MARK = "Bimat"
NUMBER = "001077123498"
FOUND = re.compile(f"{MARK}|{NUMBER}", re.IGNORECASE)
PERSON = {
    "resourceType": "Patient",
    "id": f"id-{MARK}",
    "identifier": [{"system": NATIONAL_ID, "value": NUMBER}],
    "name": [{"text": f"Nguyễn {MARK}"}],
    "gender": "female",
    "birthDate": "1990-02-03",
}
FORM = {"content-type": "application/x-www-form-urlencoded"}
ID = f"/fhir/Patient/id-{MARK}"


@pytest.fixture(params=["json", "text"])
def log(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """All that is logged, down to the least, in one of both forms."""
    root, stream = logging.getLogger(), io.StringIO()
    handler = writing(request.param, stream)
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    logging.captureWarnings(True)
    try:
        yield stream
    finally:
        logging.captureWarnings(False)
        root.removeHandler(handler)
        root.setLevel(before)


@pytest.fixture
async def asking(new_database: Callable[[], Awaitable[str]]) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    """A client of a service on a real socket, let in with a token, and the address of its database."""
    settings, url = Settings(log_level="debug", body_timeout=1.0), await new_database()
    async with (
        opened(url, settings) as (app, inner),
        listening(front(app, settings), settings) as port,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            headers=inner.headers,
            timeout=20,
        ) as client,
    ):
        yield client, url


async def every_kind(client: httpx.AsyncClient) -> list[httpx.Response]:
    """Send marked people, ids, values and tokens by every kind of request, also by those that fail."""
    body = json.dumps(PERSON).encode()
    shared = {"subject": {"reference": f"Patient/id-{MARK}"}}
    bad = json.dumps({**PERSON, "gender": MARK, MARK: MARK}).encode()
    twin = json.dumps({**PERSON, "id": f"twin-{MARK}"}).encode()
    batch = bundle(entry("PUT", f"Patient/id-{MARK}", PERSON), entry("GET", f"Patient?name={MARK}"), kind="batch")
    transaction = bundle(entry("POST", "Patient", PERSON), entry("POST", "Encounter", shared))
    patched = [{"op": "replace", "path": "/gender", "value": MARK}]
    sent: list[tuple[str, str, dict]] = [
        ("PUT", ID, {"content": body}),
        ("PUT", ID, {"content": bad}),
        ("PUT", f"/fhir/Patient/twin-{MARK}", {"content": twin}),
        ("POST", "/fhir/Patient", {"content": body, "headers": {"if-none-exist": f"identifier={NUMBER}"}}),
        ("POST", "/fhir/Patient", {"content": gzip.compress(body), "headers": {"content-encoding": "gzip"}}),
        ("POST", "/fhir/Patient", {"content": body[:-5]}),
        ("POST", "/fhir/Patient", {"content": body + body}),
        ("POST", "/fhir/Patient", {"content": body, "headers": {"content-type": f"text/{MARK}"}}),
        ("POST", f"/fhir/{MARK}", {"content": body}),
        ("POST", "/fhir", {"json": batch}),
        ("POST", "/fhir", {"json": transaction}),
        ("PATCH", ID, {"json": patched, "headers": {"content-type": "application/json-patch+json"}}),
        ("GET", ID, {}),
        ("HEAD", ID, {}),
        ("GET", ID, {"headers": {"if-none-match": 'W/"1"'}}),
        ("GET", f"{ID}/_history", {}),
        ("GET", f"{ID}/_history/1", {}),
        ("GET", f"{ID}/_history/{MARK}", {}),
        ("GET", f"{ID}/$everything", {}),
        ("GET", f"{ID}/${MARK}", {}),
        ("GET", f"{ID}/{MARK}/{MARK}/{MARK}/{MARK}", {}),
        ("GET", f"/fhir/Patient?name={MARK}&identifier={NUMBER}", {}),
        ("GET", f"/fhir/Patient?birthdate={MARK}", {}),
        ("GET", f"/fhir/Patient?{MARK}=1", {}),
        ("GET", f"/fhir/Patient?name={MARK}", {"headers": {"prefer": "respond-async"}}),
        ("POST", "/fhir/Patient/_search", {"content": f"name={MARK}", "headers": FORM}),
        ("POST", "/fhir/Patient/$match", {"json": {"resourceType": "Parameters"}}),
        ("GET", f"/fhir/_jobs/{MARK}", {}),
        ("GET", f"/indicators/{MARK}?place={NUMBER}&on={MARK}", {}),
        ("GET", f"/{MARK}?token={MARK}", {}),
        ("GET", f"/audit?person=id-{MARK}", {}),
        ("GET", f"/audit?{MARK}=1", {}),
        ("GET", f"/fhir/AuditEvent?patient=id-{MARK}", {}),
        ("GET", f"/fhir/AuditEvent/{MARK}", {}),
        ("POST", "/rights/break-glass", {"json": {"patient": f"Patient/id-{MARK}", "reason": f"{MARK} hôn mê sâu"}}),
        ("POST", "/rights/break-glass", {"json": {"patient": MARK, "reason": MARK}}),
        ("GET", f"/rights/export/id-{MARK}", {}),
        ("GET", f"/notices?after={MARK}", {}),
        ("GET", ID, {"headers": {"x-break-glass": f"{MARK}%20sau"}}),
        ("POST", f"/auth/revoke?token={MARK}", {"content": f"token={MARK}", "headers": FORM}),
        ("GET", f"/auth/callback?code={MARK}&state={MARK}", {}),
        ("GET", f"/docs/static/{MARK}", {}),
        ("OPTIONS", ID, {"headers": {"origin": f"https://{MARK}.example"}}),
        ("GET", ID, {"headers": {"authorization": f"Bearer {MARK}.{MARK}.{MARK}"}}),
        ("GET", ID, {"headers": {"authorization": f"Basic {MARK}", "cookie": f"session={MARK}"}}),
        ("GET", ID, {"headers": {"host": f"{MARK}.example", "x-forwarded-for": MARK, "x-request-id": MARK}}),
        ("GET", ID, {"headers": {"user-agent": MARK, "referer": f"https://{MARK}", "accept": MARK}}),
        ("POST", f"/auth/token?client={MARK}", {"content": f"client_assertion={MARK}", "headers": FORM}),
        ("DELETE", f"/fhir/Patient?identifier={NUMBER}", {}),
        ("DELETE", ID, {}),
        ("GET", ID, {}),
    ]
    return [await client.request(method, path, **rest) for method, path, rest in sent]


async def test_no_kind_of_request_leaves_a_trace_of_whom_it_was_about(asking, log, capfd, tmp_path_factory) -> None:
    client, url = asking
    answers = await every_kind(client)
    assert {200, 201, 304, 400, 404} <= {answer.status_code for answer in answers}
    assert not [answer for answer in answers if answer.status_code >= 500]
    port = client.base_url.port or 0
    await exchanged(port, f"GET /{MARK} NONSENSE/{MARK}\r\n{MARK}\r\n\r\n".encode(), until=b"\r\n\r\n")
    cut = f"PUT {ID} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{MARK}"
    await exchanged(port, cut.encode(), until=b"\r\n\r\n")
    lines, token = log.getvalue(), client.headers["authorization"].removeprefix("Bearer ")
    assert lines.count("answered") >= len(answers)
    assert token not in lines
    assert "/fhir/Patient/{id}" in lines
    assert "/fhir/Patient/{id}/$everything" in lines
    assert "/rights/export/{patient_id}" in lines
    assert not FOUND.search(lines)
    assert not FOUND.search("".join(capfd.readouterr()))
    connection = await asyncpg.connect(url)
    try:
        for statement in (f"select '{MARK}'::int", f"select 1/0 -- {MARK}", f"raise {MARK}"):
            with pytest.raises(asyncpg.PostgresError):
                await connection.execute(statement)
    finally:
        await connection.close()
    (server_log,) = tmp_path_factory.getbasetemp().glob("postgres*[0-9]/postgres.log")
    said = server_log.read_text(encoding="utf-8", errors="replace")
    assert said
    assert not FOUND.search(said)
    assert token not in said


async def broken(scope, receive, send) -> None:
    """Fail with an error that says what it was about, as those of libraries do."""
    raise asyncpg.UniqueViolationError(f'Key (number)=({NUMBER}) of "{MARK}" already exists.')


async def ended(scope, receive, send) -> None:
    """Fail after the answer has begun."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await broken(scope, receive, send)


@pytest.mark.parametrize("inner", [broken, ended, Guard(broken), Guard(ended)])
async def test_no_error_tells_what_it_was_about(inner, log, capfd) -> None:
    settings = Settings(log_level="debug")
    async with listening(walled(inner, settings), settings) as port:
        await exchanged(port, f"GET /{MARK} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    assert "UniqueViolationError" in log.getvalue() or "answered" in log.getvalue()
    assert not FOUND.search(log.getvalue())
    assert not FOUND.search("".join(capfd.readouterr()))


async def test_lines_of_libraries_and_of_the_event_loop_tell_their_place_alone(log, capfd) -> None:
    error = ValueError(MARK)
    asyncio.get_running_loop().call_exception_handler({"message": f"never retrieved {error!r}", "exception": error})
    logging.getLogger("asyncpg").error("duplicate key %s", MARK)
    logging.getLogger("httpx").info("HTTP Request: GET https://x.example/%s", MARK)
    logging.getLogger("tramy").error("broken", exc_info=error)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(f"about {MARK}", stacklevel=1)
    lines = log.getvalue()
    assert "ValueError" in lines
    assert lines.count("\n") == 4
    assert not FOUND.search(lines)
    assert not FOUND.search(capfd.readouterr().out)


def test_a_line_that_does_not_fit_its_values_tells_its_place_alone() -> None:
    record = logging.LogRecord("tramy", logging.INFO, "there.py", 7, "a%d", (MARK,), None)
    assert json.loads(writing("json", io.StringIO()).format(record))["message"] == "there:7"


async def test_a_line_is_one_line_and_its_fields_are_these() -> None:
    stream = io.StringIO()
    handler, logger = writing("json", stream), logging.getLogger("tramy.request")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        transport = httpx.ASGITransport(walled(named, Settings()))
        async with httpx.AsyncClient(transport=transport, base_url="http://tramy.test") as client:
            answer = await client.post("/fhir/Patient/a/_history/2?x=1%0d%0aevil")
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
    line = json.loads(stream.getvalue())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("at"))
    assert isinstance(line.pop("ms"), float)
    assert line == {
        "level": "info",
        "logger": "tramy.request",
        "message": "answered",
        "request": answer.headers["x-request-id"],
        "method": "POST",
        "route": "/fhir/Patient/{id}/_history/{version}",
        "status": 418,
        "client": "tyt-mau",
    }


async def test_the_line_of_a_request_tells_its_id_and_the_program_that_asked(asking) -> None:
    client, url = asking
    stream, logger = io.StringIO(), logging.getLogger("tramy.request")
    handler, before = writing("json", stream), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    paths = ("/fhir/Patient/nobody", "/indicators", "/audit", "/notices", "/nothing")
    try:
        answers = [await client.get(path) for path in paths]
        answers.append(await client.get("/fhir/Patient/nobody", headers={"authorization": "Bearer unknown"}))
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["request"] for line in lines] == [answer.headers["x-request-id"] for answer in answers]
    assert [line["status"] for line in lines] == [404, 200, 200, 200, 404, 401]
    assert [line["client"] for line in lines] == [ADMINISTRATOR] * 4 + [""] * 2
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("select request, client from audit where path <> '' order by id")
    finally:
        await connection.close()
    assert [tuple(row) for row in rows] == [(line["request"], line["client"]) for line in lines]


async def named(scope, receive, send) -> None:
    """Answer as one who knows who asks."""
    scope["caller"] = type("Caller", (), {"client": "tyt-mau"})()
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize("letters", ["\r\n", "\x1b[31m", "\u2028", "\x00", "\x85"])
def test_no_letter_ends_or_colours_a_line(letters) -> None:
    record = logging.LogRecord("tramy", logging.INFO, "", 1, "a%sb", (letters,), None)
    for form in ("json", "text"):
        line = writing(form, io.StringIO()).format(record)
        assert letters not in line
        assert len(line.splitlines()) == 1
