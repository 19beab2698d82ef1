"""Odd methods, addresses, headers and compressed bodies. https://www.rfc-editor.org/rfc/rfc9110"""

import gzip
import json
import zlib
from typing import Any

import httpx
import pytest

from tests.api.fuzzed import FORM, MARK, send
from tests.api.records import bundle, example

ADDRESSES = (
    *("/Patient/a%2Fb", "/Patient/..", "/Patient/%2e%2e", "/Patient/%2e%2e/metadata", "//Patient", "/Patient//mau-1"),
    *("/Patient/%00", "/Patient/%ff", "/Patient/%ED%A0%80", "/%00", "/%ff", "/$$", "/$", f"/${MARK}", "/Patient/$"),
    *("/Patient/$$match", "/Patient/mau-1/$", "/Patient/mau-1/$everything/$everything", "/" + "a" * 60_000),
    *("/Patient/" + "a" * 65, "/Patient/mau-1/" + "a" * 60_000, "/患者", "/Patient/é", "/patient/mau-1"),
    *(
        "/Patient/mau-1;x=1",
        f"/Patient/{MARK}",
        f"/Patient/mau-1/{MARK}",
        f"/{MARK}",
        f"/Patient/mau-1?_elements={MARK}",
    ),
    *(f"/Patient/mau-1?_format={MARK}", "/Patient/mau-1?_format=%00", f"/Patient/mau-1?_pretty={MARK}"),
    *(f"/Patient/mau-1/_history/{MARK}", "/Patient/mau-1/_history/0", "/Patient/mau-1/_history/" + "9" * 30),
    *("/Patient/mau-1/_history/2147483648", "/Patient/mau-1/_history/１", "/Patient/mau-1/_history/%00"),
    *(
        f"/_history?_since={MARK}",
        "/_history?_since=0000",
        "/_history?_since=9999-12-31T23:59:59Z",
        "/_history?_at=0001",
    ),
    *("/_history?_since=0001-01-01T00:00:00%2B14:00", "/_history?_at=9999-12-31", "/_history?_at=ap9999"),
    *("/_history?_count=1e9", "/_history?_count=0", "/_history?_since=%ff", "/_history?_at=", "/_history?_sort=x"),
    *(f"/_jobs/{MARK}", "/_jobs/%00", "/_search", "/Patient/_search", "/Patient/_history/_history"),
    *(f"/ValueSet?url={MARK}", f"/ValueSet/{MARK}", "/ValueSet?name=%00", "/ValueSet?_count=1e9"),
    *(f"/ValueSet/$expand?url={MARK}", f"/ValueSet/administrative-gender/$expand?filter={MARK}"),
    *(
        f"/ValueSet/administrative-gender/$expand?count={'9' * 5000}",
        "/ValueSet/administrative-gender/$expand?offset=x",
    ),
    *(f"/ValueSet/administrative-gender/$expand?{name}={MARK}" for name in ("displayLanguage", "includeDesignations")),
    *(f"/CodeSystem/$lookup?system={MARK}&code=x", f"/CodeSystem/$lookup?code={MARK}"),
    *(f"/Patient/mau-1/$everything?{name}={MARK}" for name in ("_since", "start", "end", "_type", "_count", "_page")),
    *(
        "/Patient/mau-1/$everything?start=9999-12-31&end=0001",
        f"/Patient/{MARK}/$everything",
        f"/Patient/{MARK}/$summary",
    ),
    *(f"/Patient/mau-1/$validate?mode={MARK}", f"/Patient/mau-1/$validate?profile={MARK}", "/$validate", "/$meta"),
    *("http://tramy.test/fhirx", "http://tramy.test/%66hir/Patient", f"http://tramy.test/{MARK}"),
)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "PROPFIND")
LATIN = "é".encode("latin-1")
HEADERS: tuple[tuple[str, Any], ...] = (
    *(("host", value) for value in ("", "a b", "x" * 5000, "evil/x", "evil:99999999", "[::1]:80", f'{MARK}"><script>')),
    *(("accept", value) for value in (MARK, "*/*;q=nan", "*/*;q=1e400", ";;;,,,", "a" * 60_000, "," * 5000, LATIN)),
    *(("accept-language", value) for value in (MARK, "*", "vi;q=nan, en;q=inf", "en;q=", "x" * 60_000, LATIN)),
    *(("prefer", value) for value in (MARK, f"return={MARK}", 'return="minimal', "=;=,=", '"' * 20_001, "," * 50_000)),
    *(("accept-encoding", value) for value in (MARK, "gzip;q=nan", "gzip;q=0, *", "," * 5000, "*;q=0", LATIN)),
    *(("if-none-match", value) for value in (MARK, "*", 'W/"1', '"' * 50_001, LATIN)),
    *(("if-modified-since", value) for value in (MARK, "Thu, 01 Jan 0000 00:00:00 GMT", "9" * 20, "\x01", LATIN)),
    ("if-modified-since", "Fri, 31 Dec 9999 23:59:59 -2359"),
    ("if-modified-since", "Mon, 1 Jan 0001 00:00:00 +2359"),
    *(("if-match", value) for value in (MARK, "*", 'W/"99999999999999999999"', "", LATIN)),
    *(("if-none-exist", value) for value in ("", "?", f"birthdate={MARK}", "name=%00", "_count=1", LATIN, b"\xff")),
    ("if-none-exist", "name=" + "a" * 60_000),
    *(("content-type", value) for value in (MARK, f"application/json; charset={MARK}", ";", "", LATIN)),
    *(("content-length", value) for value in ("-1", "x", "9" * 5000, "9" * 25, "١".encode(), b"\xb2", "")),
    *(("content-encoding", value) for value in (MARK, "gzip", "gzip, gzip", "deflate", "", "br")),
    ("x-http-method-override", "DELETE"),
)
PERSON = json.dumps(example("Patient")).encode()
BODIES = {
    "cut": gzip.compress(PERSON)[:-5],
    "half": gzip.compress(PERSON)[:20],
    "garbage": b"\x1f\x8b" + b"\xff" * 100,
    "twice": gzip.compress(gzip.compress(PERSON)),
    "trailing": gzip.compress(PERSON) + b"xxxx",
    "bomb": gzip.compress(b" " * 100_000_000),
    "zlib": zlib.compress(PERSON),
    "checksum": gzip.compress(PERSON)[:-8] + b"\0" * 8,
    "head": b"\x1f\x8b",
    "members": gzip.compress(b"") * 100_000,
}


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda address: address[:60])
async def test_an_odd_address_is_answered_by_every_method(client: httpx.AsyncClient, address: str) -> None:
    answers = {method: await send(client, method, address) for method in METHODS if method != "DELETE"}
    got, head = answers["GET"], answers["HEAD"]
    assert head.status_code == got.status_code
    assert head.content == b""
    # A sealed link and the time of an answer differ from one to the next, and with them the length.
    assert {*head.headers} == {*got.headers}


@pytest.mark.parametrize(("name", "value"), HEADERS, ids=lambda value: str(value)[:30])
async def test_an_odd_header_spoils_no_answer(client: httpx.AsyncClient, name: str, value: str | bytes) -> None:
    headers = [(name.encode(), value if isinstance(value, bytes) else value.encode())]
    sent = {**example("Patient"), "id": "odd"}
    await client.put("/Patient/odd", json=sent)
    for method, address, body in (
        ("GET", "/Patient/odd", None),
        ("GET", "/Patient?name=ly&_count=1", None),
        ("GET", f"/Patient?birthdate={MARK}", None),
        ("POST", "/Patient", PERSON),
        ("PUT", "/Patient/odd", json.dumps(sent).encode()),
        ("PUT", "/Patient?_id=odd", json.dumps(sent).encode()),
        ("DELETE", "/Patient/none", None),
        ("PATCH", "/Patient/odd", b"[]"),
        ("POST", "/", json.dumps(bundle(kind="batch")).encode()),
        ("POST", "/Patient/_search", b"name=a"),
        ("GET", "/_history?_count=1", None),
        ("GET", "/metadata", None),
        ("POST", "/Patient/$match", b"{}"),
    ):
        await send(client, method, address, content=body, headers=headers)


@pytest.mark.parametrize("form", BODIES)
@pytest.mark.parametrize("address", ["/Patient", "/", "/Patient/$match", "/Patient/_search"])
async def test_a_body_that_is_not_what_gzip_says_is_refused(client: httpx.AsyncClient, form: str, address: str) -> None:
    kind = FORM if address.endswith("_search") else {}
    answer = await send(client, "POST", address, content=BODIES[form], headers={"content-encoding": "gzip", **kind})
    assert answer.status_code in (400, 413), answer.text
