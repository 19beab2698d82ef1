"""gzip in both directions: what is taken apart, where it ends, and who is given it."""

import gzip
import json
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import httpx
import pytest
from fastapi import FastAPI

from app.config import Settings
from tests.api.records import TYPES, bundle, entry, example, fresh, lasting, patient, record_ids, statuses
from tests.conftest import opened

PACKED = {"content-encoding": "gzip"}
PLAIN = {"accept-encoding": "identity"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
HOST = "http://tramy.test"


def zipped(resource: dict) -> bytes:
    return gzip.compress(json.dumps(resource, ensure_ascii=False).encode())


async def parts(raw: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(raw), size):
        yield raw[start : start + size]


@pytest.fixture
async def long_record(client: httpx.AsyncClient) -> str:
    """The address of a record that is worth compressing."""
    record = fresh("long")
    names = [{"text": f"Nguyễn Thị {number}"} for number in range(200)]
    assert (await client.put(f"/Patient/{record}", json=patient(record, name=names))).is_success
    return f"/Patient/{record}"


@pytest.mark.parametrize("name", TYPES)
async def test_a_compressed_record_is_kept_as_if_it_came_plain(client: httpx.AsyncClient, name: str) -> None:
    record = fresh("zip")
    sent = example(name, id=record)
    created = await client.put(f"/{name}/{record}", content=zipped(sent), headers=PACKED)
    assert created.status_code == 201, created.text
    again = await client.put(f"/{name}/{record}", json=sent)
    assert (again.status_code, again.headers["etag"]) == (200, 'W/"1"')
    posted = await client.post(f"/{name}", content=zipped(example(name)), headers=PACKED)
    assert posted.status_code == 201, posted.text


async def test_every_route_with_a_body_takes_gzip(client: httpx.AsyncClient) -> None:
    record = fresh("zip")
    sent = bundle(entry("PUT", f"Patient/{record}", patient(record)))
    answer = await client.post("/", content=zipped(sent), headers=PACKED)
    assert statuses(answer) == ["201"]
    form = gzip.compress(urlencode({"_id": record}).encode())
    found = await client.post("/Patient/_search", content=form, headers={**FORM, **PACKED})
    assert record_ids(found) == [record]


@pytest.mark.parametrize("size", [1, 7, 100_000])
async def test_a_compressed_body_may_come_in_parts_and_members(client: httpx.AsyncClient, size: int) -> None:
    record = fresh("members")
    plain = json.dumps(patient(record, name=[{"text": "Trần Văn Bình"}])).encode()
    raw = gzip.compress(plain[:9]) + gzip.compress(b"") + gzip.compress(plain[9:])
    answer = await client.put(f"/Patient/{record}", content=parts(raw, size), headers=PACKED)
    assert answer.status_code == 201, answer.text
    assert answer.json()["name"] == [{"text": "Trần Văn Bình"}]


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "x-gzip", "identity, gzip", " gzip "])
async def test_gzip_is_known_by_each_of_its_names(client: httpx.AsyncClient, coding: str) -> None:
    headers = {"content-encoding": coding}
    assert (await client.post("/Patient", content=zipped(example("Patient")), headers=headers)).status_code == 201


@pytest.mark.parametrize("coding", ["", "identity"])
async def test_a_body_that_is_not_compressed_may_say_so(client: httpx.AsyncClient, coding: str) -> None:
    answer = await client.post("/Patient", json=example("Patient"), headers={"content-encoding": coding})
    assert answer.status_code == 201


WHOLE = zipped(example("Patient"))


@pytest.mark.parametrize(
    "raw",
    [
        b"\x1f\x8b\x08",
        b"\x1f",
        b"{}",
        WHOLE[:-1],
        WHOLE[: len(WHOLE) // 2],
        WHOLE[:-8] + bytes(8),
        WHOLE[:30] + bytes([WHOLE[30] ^ 255]) + WHOLE[31:],
        WHOLE + b"{}",
        WHOLE + b"\0" * 10,
        WHOLE + WHOLE[:12],
        zlib.compress(b"{}"),
        gzip.compress(b"") * 20_000,
    ],
    ids=range(12),
)
async def test_gzip_that_is_not_whole_is_refused(client: httpx.AsyncClient, raw: bytes) -> None:
    for content in (raw, parts(raw, 1000)):
        answer = await client.post("/Patient", content=content, headers=PACKED)
        assert (answer.status_code, answer.json()["issue"][0]["code"]) == (400, "structure"), answer.text


async def test_nothing_compressed_to_nothing_is_no_resource(client: httpx.AsyncClient) -> None:
    for raw in (b"", gzip.compress(b"")):
        assert (await client.post("/Patient", content=raw, headers=PACKED)).status_code == 400


@pytest.mark.parametrize("coding", ["br", "zstd", "deflate", "compress", "gzip, gzip", "gzip, br", "aes128gcm", "x"])
async def test_another_coding_is_refused_with_the_one_that_is_read(client: httpx.AsyncClient, coding: str) -> None:
    for address, kind in (("/Patient", {}), ("/", {}), ("/Patient/_search", FORM)):
        answer = await client.post(address, content=b"x", headers={"content-encoding": coding, **kind})
        assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "gzip")
    twice = [("content-encoding", "gzip"), ("content-encoding", "gzip"), *client.headers.items()]
    assert (await client.post("/Patient", content=gzip.compress(WHOLE), headers=twice)).status_code == 415


async def test_a_wrong_format_is_not_blamed_on_the_coding(client: httpx.AsyncClient) -> None:
    answer = await client.post("/Patient", content=WHOLE, headers={"content-type": "text/plain", **PACKED})
    assert answer.status_code == 415
    assert "accept-encoding" not in answer.headers


async def test_a_bomb_ends_at_the_limit_and_costs_no_more_than_it(database: str) -> None:
    zeros = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join([zeros.compress(bytes(1 << 20)) for _ in range(256)]) + zeros.flush()
    small, limit = gzip.compress(b" " * 3_000_000), 4_000_000
    async with opened(database, Settings(body_limit=limit)) as (_app, client):
        await client.post("/Patient", content=small, headers=PACKED)
        for content in (bomb, parts(bomb, 65_536), gzip.compress(bytes(limit + 1)), parts(small * 2, 100)):
            tracemalloc.start()
            answer = await client.post("/Patient", content=content, headers=PACKED)
            most = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert (answer.status_code, answer.json()["issue"][0]["code"]) == (413, "too-long")
            assert most < 4 * limit
        # What is compressed counts too, or members that hold nothing would have no end.
        stated = await client.post("/Patient", content=bytes(limit + 1), headers=PACKED)
        assert stated.status_code == 413
        exact = json.dumps(example("Patient")).encode()
        kept = await client.post("/Patient", content=gzip.compress(exact + b" " * (limit - len(exact))), headers=PACKED)
        assert kept.status_code == 201


@pytest.mark.parametrize(
    ("accept", "packs"),
    [
        ("gzip", True),
        ("GZip", True),
        ("x-gzip", True),
        ("gzip, deflate, br", True),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", True),
        ("*", True),
        ("deflate, *;q=0.5", True),
        ("gzip;q=0.001", True),
        ("gzip ; q=1", True),
        ("gzip;q=0", False),
        ("gzip;q=0.000", False),
        ("gzip;q=0, *", False),
        ("*;q=0", False),
        ("br, deflate", False),
        ("identity", False),
        ("identity;q=1, gzip;q=0.5", False),
        ("identity;q=0.5, gzip;q=1", True),
        ("", False),
        ("gzipped", False),
        (",;,;q=", False),
    ],
)
async def test_an_answer_is_compressed_for_whom_takes_it(
    client: httpx.AsyncClient, long_record: str, accept: str, packs: bool
) -> None:
    plain = await client.get(long_record, headers=PLAIN)
    answer = await client.get(long_record, headers={"accept-encoding": accept})
    assert ("content-encoding" in answer.headers) is packs
    assert answer.content == plain.content
    assert answer.headers["etag"] == plain.headers["etag"] == 'W/"1"'
    assert "Accept-Encoding" in answer.headers["vary"]
    assert "Accept-Encoding" in plain.headers["vary"]


async def sent(client: httpx.AsyncClient, method: str, address: str, accept: str) -> tuple[httpx.Response, bytes]:
    """Return an answer and the bytes that were sent, before the client took them apart."""
    async with client.stream(method, address, headers={"accept-encoding": accept}) as answer:
        return answer, b"".join([part async for part in answer.aiter_raw()])


@pytest.mark.parametrize("accept", ["gzip", "identity"])
async def test_the_length_is_the_one_sent_and_head_says_what_get_does(
    client: httpx.AsyncClient, long_record: str, accept: str
) -> None:
    record = long_record.rpartition("/")[2]
    for address in (long_record, f"/Patient?_id={record}", "/Patient/none-of-these"):
        got, raw = await sent(client, "GET", address, accept)
        assert got.headers["content-length"] == str(len(raw))
        headed, none = await sent(client, "HEAD", address, accept)
        assert none == b""
        assert lasting(headed) == lasting(got)
    got, raw = await sent(client, "GET", long_record, accept)
    assert (gzip.decompress(raw)[:1] == b"{" and len(raw) < 2000) if accept == "gzip" else raw[:1] == b"{"


async def test_what_is_small_is_sent_as_it_is(client: httpx.AsyncClient) -> None:
    answer = await client.get("/Patient/mau-1", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    assert answer.headers["vary"] == "Accept-Encoding"
    missed = await client.get("/Patient/none-of-these", headers={"accept-encoding": "gzip"})
    assert set(missed.headers["vary"].split(", ")) == {"Accept-Encoding", "Accept-Language"}


async def test_errors_and_large_pages_are_compressed_too(client: httpx.AsyncClient) -> None:
    wrong = {"resourceType": "Patient", "name": [{"use": number} for number in range(30)]}
    refused = await client.post("/Patient", json=wrong, headers={"accept-encoding": "gzip"})
    assert (refused.status_code, refused.headers["content-encoding"]) == (400, "gzip")
    assert len(refused.json()["issue"]) > 10
    tag = fresh("page")
    record = example("Patient", meta={"tag": [{"code": tag}]}, name=[{"text": "Lê Văn Dũng " * 300}])
    sending = bundle(*(entry("POST", "Patient", record) for _ in range(100)), kind="transaction")
    assert (await client.post("/", content=zipped(sending), headers=PACKED)).status_code == 200
    page = await client.get(f"/Patient?_tag={tag}&_count=100", headers={"accept-encoding": "gzip"})
    assert page.headers["content-encoding"] == "gzip"
    assert len(page.content) > 300_000 > 50_000 > int(page.headers["content-length"])
    assert len(record_ids(page)) == 100


async def test_indicators_are_compressed_where_that_is_taken(shared: tuple[FastAPI, httpx.AsyncClient]) -> None:
    client = shared[1]
    packed = await client.get(f"{HOST}/indicators", headers={"accept-encoding": "gzip"})
    plain = await client.get(f"{HOST}/indicators", headers={"accept-encoding": "gzip;q=0"})
    assert (packed.headers["content-encoding"], "content-encoding" in plain.headers) == ("gzip", False)
    assert packed.json() == plain.json()
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    refused = await client.get(f"{HOST}/indicators/none", headers={"accept-encoding": "gzip"})
    assert (refused.status_code, refused.json()["resourceType"]) == (404, "OperationOutcome")
    # Files of the page have a strong ETag and are read in ranges, so they stay as they are.
    script = await client.get(f"{HOST}/docs/static/swagger-ui.css", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in script.headers
