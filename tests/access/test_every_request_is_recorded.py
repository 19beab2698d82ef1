"""Every answered request is in the audit with its status, and each entry of a bundle; without the audit no answer."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from tests.access.conftest import filled
from tests.access.mixed import Sent, requests, send
from tests.access.world import HERE, OTHERS, PATCH, THERE, client_of, patient, station, visit
from tests.conftest import Open, opened

STAMPED = "select request, part, method, status, outcome from audit"


class Watched(NamedTuple):
    """The application, who asks it, and a connection of the database's owner."""

    app: FastAPI
    callers: Sequence[httpx.AsyncClient]
    owner: asyncpg.Connection


@pytest.fixture(scope="module")
async def watched(new_database: Open) -> AsyncIterator[Watched]:
    url = await new_database()
    async with opened(url) as (app, whole):
        one, other = await station(app, HERE, "one"), await station(app, THERE, "other")
        narrow, nobody = await station(app, HERE, "hep", "system/Patient.r"), client_of(app, {})
        forged = client_of(app, {"Authorization": "Bearer khong-phai"})
        owner = await asyncpg.connect(url)
        async with one, other, narrow, nobody, forged:
            await filled(one, other)
            yield Watched(app, (one, other, narrow, nobody, forged, whole), owner)
        await owner.close()


async def mix(watched: Watched, number: int, seed: int, at_once: int = 4) -> list[Sent]:
    """Send a mix, some at once, and return what came of each."""
    choice = random.Random(seed)
    asked = [(choice.choice(watched.callers), requests(choice, seed * 100_000 + index)) for index in range(number)]
    found: list[Sent] = []
    for start in range(0, number, at_once):
        found += await asyncio.gather(*(send(*pair) for pair in asked[start : start + at_once]))
    return found


async def require_recorded(watched: Watched, answered: Sequence[Sent]) -> None:
    rows: dict[str, list[Any]] = {}
    for row in await watched.owner.fetch(STAMPED):
        rows.setdefault(row["request"], []).append(row)
    missing = [item for item in answered if not any(_tells(row, item) for row in rows.get(item.request, ()))]
    assert not missing
    for item in answered:
        parts = sorted({row["part"] for row in rows[item.request]} - {0})
        assert parts[: item.entries] == list(range(1, item.entries + 1)), item


def _tells(row: Any, item: Sent) -> bool:
    outcome = "0" if item.status < 400 else "4" if item.status < 500 else "8"
    return row["part"] == 0 and (row["method"], row["status"], row["outcome"]) == (item.method, item.status, outcome)


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_answered_request_has_its_row(watched: Watched, seed: int) -> None:
    answered = await mix(watched, 150, seed)
    assert {item.status // 100 for item in answered} >= {2, 4}
    assert {200, 201, 401, 403, 404} <= {item.status for item in answered}
    assert not [item for item in answered if item.status >= 500]
    await require_recorded(watched, answered)


async def test_an_entry_that_cannot_be_read_has_its_row(watched: Watched) -> None:
    sent = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [
            {"request": {"method": "GET", "url": "Khong/co"}},
            {"request": {"method": "GET", "url": "metadata"}},
            {},
        ],
    }
    answer = await watched.callers[0].post("/", json=sent)
    rows = await watched.owner.fetch(
        "select part, status, path from audit where request = $1 order by part", answer.headers["x-request-id"]
    )
    assert [(row["part"], row["status"]) for row in rows] == [(0, 200), (1, 404), (2, 200), (3, 400)]


@pytest.mark.parametrize(
    ("asked", "stamped"),
    [
        ({"method": "DELETE", "url": "/Encounter?_id=ko"}, [(0, 204)]),
        ({"method": "DELETE", "url": "/Encounter/ko"}, [(0, 204)]),
        ({"method": "PUT", "url": "/Location/moi", "json": {"resourceType": "Location", "id": "moi"}}, [(0, 201)]),
        (
            {
                "method": "POST",
                "url": "/",
                "json": {
                    "resourceType": "Bundle",
                    "type": "transaction",
                    "entry": [
                        {"request": {"method": "POST", "url": "Location"}, "resource": {"resourceType": "Location"}}
                    ],
                },
            },
            [(0, 200), (1, 201)],
        ),
        (
            {
                "method": "POST",
                "url": "/",
                "json": {
                    "resourceType": "Bundle",
                    "type": "batch",
                    "entry": [
                        {"request": {"method": "POST", "url": "Location"}, "resource": {"resourceType": "Location"}},
                        {"request": {"method": "DELETE", "url": "Encounter?_id=ko"}},
                        {"request": {"method": "PUT", "url": "Encounter/ko"}, "resource": visit("ko", "ko")},
                    ],
                },
            },
            [(0, 200), (1, 201), (2, 204), (3, 422)],
        ),
    ],
    ids=["delete by condition", "delete", "put", "transaction", "batch"],
)
async def test_a_write_is_stamped_with_the_status_of_its_answer(
    watched: Watched, asked: dict[str, Any], stamped: list[tuple[int, int]]
) -> None:
    answer = await watched.callers[0].request(**asked)
    assert answer.status_code == stamped[0][1]
    rows = await watched.owner.fetch(
        "select part, status from audit where request = $1 order by part", answer.headers["x-request-id"]
    )
    assert [tuple(row) for row in rows] == stamped


async def test_a_refusal_says_who_asked_for_what(watched: Watched) -> None:
    answer = await watched.callers[2].get(f"/Encounter/kham-{OTHERS}")
    assert answer.status_code == 403
    row = await watched.owner.fetchrow(
        "select organization, path, action, outcome from audit where request = $1",
        answer.headers["x-request-id"],
    )
    assert tuple(row) == ("Organization/tyt-hep", f"/fhir/Encounter/kham-{OTHERS}", "R", "4")


UNANSWERED: list[dict[str, Any]] = [
    {"method": "GET", "url": f"/Patient/nguoi-{OTHERS}"},
    {"method": "HEAD", "url": f"/Patient/nguoi-{OTHERS}"},
    {"method": "GET", "url": "/Patient/ko"},
    {"method": "GET", "url": "/Patient"},
    {"method": "GET", "url": "/Khong/co"},
    {"method": "GET", "url": "/metadata"},
    {"method": "GET", "url": "http://tramy.test/indicators"},
    {"method": "PUT", "url": "/Patient/chua-ghi", "json": patient("chua-ghi")},
    {
        "method": "POST",
        "url": "/Encounter",
        "json": {k: v for k, v in visit("x", f"nguoi-{OTHERS}").items() if k != "id"},
    },
    {"method": "POST", "url": "/Location", "json": {"resourceType": "Location", "name": "chua-ghi"}},
    {
        "method": "PATCH",
        "url": f"/Encounter/kham-{OTHERS}",
        "json": [{"op": "add", "path": "/language", "value": "en"}],
        "headers": PATCH,
    },
    {"method": "DELETE", "url": f"/Encounter/kham-{OTHERS}"},
    {
        "method": "POST",
        "url": "/",
        "json": {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [{"request": {"method": "PUT", "url": "Patient/chua-ghi"}, "resource": patient("chua-ghi")}],
        },
    },
    {
        "method": "POST",
        "url": "/",
        "json": {
            "resourceType": "Bundle",
            "type": "batch",
            "entry": [{"request": {"method": "GET", "url": f"Patient/nguoi-{OTHERS}"}}],
        },
    },
]


async def test_what_cannot_be_recorded_is_neither_answered_nor_done(watched: Watched) -> None:
    owner, one = watched.owner, watched.callers[0]
    before = await owner.fetchval("select count(*) from patient") + await owner.fetchval(
        "select count(*) from location"
    )
    await owner.execute("alter table audit add constraint shut check (method = '') not valid")
    try:
        answers = [await one.request(**asked) for asked in UNANSWERED]
    finally:
        await owner.execute("alter table audit drop constraint shut")
    for asked, answer in zip(UNANSWERED, answers, strict=True):
        assert answer.status_code >= 500, asked
        assert f"nguoi-{OTHERS}" not in answer.text
        assert "etag" not in answer.headers
        assert "location" not in answer.headers
    after = await owner.fetchval("select count(*) from patient") + await owner.fetchval("select count(*) from location")
    assert after == before
    assert (await one.get(f"/Encounter/kham-{OTHERS}")).status_code == 200
    assert (await one.get("/Patient/chua-ghi")).status_code == 404


async def test_the_role_of_the_service_changes_no_row(watched: Watched) -> None:
    for statement in ("update audit set status = 200", "delete from audit", "truncate audit"):
        async with watched.owner.transaction():
            await watched.owner.execute("set local role tramy_writer")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with watched.owner.transaction():
                    await watched.owner.execute(statement)
