"""The headers of every answer, and who may ask from a browser."""

import httpx
import pytest

from app.api.wall import walled
from app.config import Settings
from app.readings import networks
from tests.conftest import as_caller, opened

EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
}
TABLE = [
    ("GET", "/fhir/Patient/mau-1", "no-store"),
    ("HEAD", "/fhir/Patient/mau-1", "no-store"),
    ("GET", "/fhir/Patient/nobody", "no-store"),
    ("GET", "/fhir/Patient?_count=1", "no-store"),
    ("GET", "/fhir/Patient?shoe=1", "no-store"),
    ("POST", "/fhir/Patient", "no-store"),
    ("TRACE", "/fhir/Patient", "no-store"),
    ("GET", "/fhir/metadata", "no-cache"),
    ("GET", "/fhir/nothing/at/all/here/below", "no-store"),
    ("GET", "/indicators", "no-store"),
    ("GET", "/nothing", "no-store"),
    ("GET", "/health/live", "no-store"),
    ("GET", "/docs", "no-cache"),
    ("GET", "/docs/static/swagger-ui.css", "no-cache"),
    ("GET", "/docs/static/nothing.css", "no-store"),
    ("GET", "/openapi.json", "no-cache"),
]


@pytest.mark.parametrize(("method", "path", "kept"), TABLE)
async def test_every_answer_has_the_headers_once_and_nobody_keeps_records(behind, method, path, kept):
    answer = await behind.request(method, path)
    for name, value in EVERYWHERE.items():
        assert answer.headers.get_list(name) == [value], name
    assert answer.headers.get_list("cache-control") == [kept]
    (policy,) = answer.headers.get_list("content-security-policy")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "strict-transport-security" not in answer.headers
    assert answer.headers["x-request-id"]
    assert "server" not in answer.headers
    assert "set-cookie" not in answer.headers


async def test_a_record_that_is_not_kept_on_the_way_is_still_not_sent_twice(behind):
    first = await behind.get("/fhir/Patient/mau-1")
    again = await behind.get("/fhir/Patient/mau-1", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == "no-store"
    assert again.headers["etag"] == first.headers["etag"]


async def hello(scope, receive, send):
    """Answer with nothing."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"cache-control", b"private")]})
    await send({"type": "http.response.body", "body": scope["scheme"].encode()})


@pytest.mark.parametrize(
    ("peer", "headers", "told"),
    [
        ("10.0.0.1", {"x-forwarded-proto": "https"}, True),
        ("10.0.0.1", {"x-forwarded-proto": "http"}, False),
        ("10.0.0.1", {}, False),
        ("192.0.2.1", {"x-forwarded-proto": "https"}, False),
    ],
)
async def test_https_alone_is_asked_for_when_the_request_came_by_it(peer, headers, told):
    settings = Settings(trusted_proxies=networks().read("10.0.0.0/8"))
    transport = httpx.ASGITransport(walled(hello, settings), client=(peer, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://tramy.test") as client:
        answer = await client.get("/", headers=headers)
    assert ("strict-transport-security" in answer.headers) is told
    assert answer.text == ("https" if told else "http")
    assert answer.headers["cache-control"] == "private"


async def test_https_alone_is_asked_for_without_a_proxy_too():
    transport = httpx.ASGITransport(walled(hello, Settings()))
    async with httpx.AsyncClient(transport=transport, base_url="https://tramy.test") as client:
        hsts = (await client.get("/")).headers["strict-transport-security"]
    assert hsts == "max-age=63072000; includeSubDomains"


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://so-lieu.example", True),
        ("http://so-lieu.example", False),
        ("https://so-lieu.example.evil", False),
        ("https://evil.so-lieu.example", False),
        ("https://so-lieu.example:8443", False),
        ("null", False),
        ("*", False),
    ],
)
async def test_only_pages_of_a_listed_origin_may_ask_and_never_with_cookies(behind, origin, allowed):
    asked = {"origin": origin, "access-control-request-method": "PUT", "access-control-request-headers": "if-match"}
    before = await behind.options("/fhir/Patient/mau-1", headers=asked)
    then = await behind.get("/fhir/Patient/mau-1", headers={"origin": origin})
    for answer in (before, then):
        assert answer.headers.get("access-control-allow-origin") == (origin if allowed else None)
        assert "access-control-allow-credentials" not in answer.headers
        assert "Origin" in answer.headers["vary"]
    assert before.status_code == (200 if allowed else 400)


async def test_without_the_setting_no_page_may_ask(database):
    transport = httpx.ASGITransport(walled(hello, Settings()))
    async with httpx.AsyncClient(transport=transport, base_url="http://tramy.test") as client:
        answer = await client.get("/", headers={"origin": "https://so-lieu.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_signing_in_is_limited_by_address_and_the_answer_says_how_long_to_wait():
    settings = Settings(auth_rate_limit=1, auth_rate_burst=3)
    app = walled(hello, settings)
    answers = {}
    for address in ("192.0.2.1", "192.0.2.2"):
        transport = httpx.ASGITransport(app, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://tramy.test") as client:
            answers[address] = [await client.post("/auth/token") for _ in range(5)]
            assert (await client.get("/fhir/metadata")).status_code == 200
    for listed in answers.values():
        assert [item.status_code for item in listed] == [200] * 3 + [429] * 2
        assert [item.headers["ratelimit-remaining"] for item in listed] == ["2", "1", "0", "0", "0"]
        assert {item.headers["ratelimit-limit"] for item in listed} == {"3"}
        assert listed[-1].headers["retry-after"] == "1"
        assert listed[-1].json()["issue"][0]["code"] == "throttled"
        assert listed[-1].headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["/fhir/Patient/nobody", "/fhir/Patient?_count=1", "/indicators", "/audit", "/notices"]
)
async def test_each_program_has_a_limit_of_its_own_on_every_route_and_is_told_what_is_left(database, path):
    settings = Settings(rate_limit=1, rate_burst=3)
    async with opened(database, settings) as (app, client):
        for name in ("tyt-1", "tyt-2"):
            headers = await as_caller(app, client=name)
            answers = [await client.get(f"http://tramy.test{path}", headers=headers) for _ in range(5)]
            assert [item.status_code for item in answers[3:]] == [429] * 2
            assert 429 not in [item.status_code for item in answers[:3]]
            assert [item.headers["ratelimit-remaining"] for item in answers] == ["2", "1", "0", "0", "0"]
            assert {item.headers["ratelimit-limit"] for item in answers} == {"3"}
            assert all(int(item.headers["ratelimit-reset"]) > 0 for item in answers)
            assert answers[-1].headers["retry-after"] == "1"
            assert answers[-1].headers["x-request-id"]
            assert answers[-1].json()["issue"][0]["code"] == "throttled"


@pytest.mark.parametrize(
    ("peer", "given", "taken"),
    [
        ("10.0.0.1", "0123456789abcdef0123456789abcdef", True),
        ("10.0.0.1", "01234567-89AB-cdef-0123-456789abcdef", True),
        ("10.0.0.1", "one-of-ours", False),
        ("10.0.0.1", "x" * 5000, False),
        ("10.0.0.1", 'a"b', False),
        ("192.0.2.1", "0123456789abcdef0123456789abcdef", False),
    ],
)
async def test_a_request_id_is_taken_from_a_trusted_proxy_alone(peer, given, taken):
    settings = Settings(trusted_proxies=networks().read("10.0.0.0/8"))
    transport = httpx.ASGITransport(walled(hello, settings), client=(peer, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://tramy.test") as client:
        answer = await client.get("/", headers={"x-request-id": given})
    uuid = "01234567-89ab-cdef-0123-456789abcdef"
    assert (answer.headers["x-request-id"] == uuid) is taken
    # What a client calls its request goes back to it beside ours, unless it could be something else.
    told = answer.headers.get("x-correlation-id")
    assert told == (None if taken or len(given) > 64 or '"' in given else given)
