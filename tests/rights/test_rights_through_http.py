"""Restriction and break-glass as callers meet them, through HTTP, and what the audit says of it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI

from app.access.rights.restriction import lift, restrict
from app.fhir.service import now
from app.store.pool import lend
from tests.access.world import THERE, client_of, patient, station, visit
from tests.conftest import as_caller, opened
from tests.rights.conftest import ADMIN

REASON = "Cấp cứu, người bệnh hôn mê"
GLASS = {"X-Break-Glass": quote(REASON)}
SCOPES = "system/*.rs tramy/break-glass tramy/audit"
World = tuple[FastAPI, httpx.AsyncClient, httpx.AsyncClient]


@pytest.fixture
async def world(new_database: Callable[[], Awaitable[str]]) -> AsyncIterator[World]:
    """One person of one station; a client that sees all, and a doctor of another station."""
    async with opened(await new_database()) as (app, whole):
        assert (await whole.put("/Patient/an", json=patient("an"))).status_code == 201
        assert (await whole.put("/Encounter/kham-an", json=visit("kham-an", "an"))).status_code == 201
        who = await as_caller(app, THERE, scopes=SCOPES, organization="Organization/bv-1", client="bac-si")
        async with client_of(app, who) as doctor:
            yield app, whole, doctor


async def rows(app: FastAPI, path: str) -> list[tuple[Any, ...]]:
    """Return interaction, status, purpose and reason of what was asked of an address, in order."""
    async with lend(app.state.service.plain) as connection:
        found = await connection.fetch(
            "select interaction, status, purpose, reason from audit where path = $1 and user_id = 'bac-si' order by id",
            path,
        )
    return [tuple(row) for row in found]


@pytest.mark.parametrize(
    ("path", "shown", "hidden"),
    [
        ("/Patient/an", 200, 404),
        ("/Patient/an/_history", 200, 404),
        ("/Patient/an/_history/1", 200, 404),
        ("/Patient/an/$everything", 200, 404),
        ("/Encounter/kham-an", 200, 404),
        ("/Encounter/kham-an/_history/1", 200, 404),
    ],
)
async def test_who_is_restricted_is_seen_by_nobody_until_it_is_lifted(
    world: World, path: str, shown: int, hidden: int
) -> None:
    app, whole, _ = world
    assert (await whole.get(path)).status_code == shown
    async with lend(app.state.service.plain) as connection, connection.transaction():
        await restrict(connection, ADMIN, "an", "disputed", now() - timedelta(seconds=1))
    assert (await whole.get(path)).status_code == hidden
    for search in ("/Patient?_id=an", "/Encounter?patient=an", "/Patient?_has:Encounter:patient:status=finished"):
        assert (await whole.get(search)).json()["total"] == 0
    async with lend(app.state.service.plain) as connection, connection.transaction():
        await lift(connection, ADMIN, "an", now() - timedelta(milliseconds=100))
    assert (await whole.get(path)).status_code == shown
    assert (await whole.get("/Encounter?patient=an")).json()["total"] == 1


async def test_break_glass_opens_a_stranger_and_every_read_that_follows_says_why(world: World) -> None:
    app, _, doctor = world
    assert (await doctor.get("/Patient/an")).status_code == 404
    sent = {"patient": "Patient/an", "reason": REASON}
    assert (await doctor.post("http://tramy.test/rights/break-glass", json=sent)).status_code == 201
    assert (await doctor.get("/Patient/an")).status_code == 200
    assert (await doctor.get("/Encounter?patient=an")).json()["total"] == 1
    assert (await doctor.get("/Organization")).status_code == 200
    assert await rows(app, "/fhir/Patient/an") == [("read", 404, "", ""), ("read", 200, "BTG", REASON)]
    [(_, status, purpose, reason)] = await rows(app, "/fhir/Encounter?patient=an")
    assert (status, purpose, reason) == (200, "BTG", REASON)
    [(_, status, purpose, reason)] = await rows(app, "/fhir/Organization")
    assert (status, purpose, reason) == (200, "", "")


async def test_break_glass_ends_after_four_hours(world: World) -> None:
    app, _, doctor = world
    assert (await doctor.get("/Patient/an", headers=GLASS)).status_code == 200
    async with lend(app.state.service.plain) as connection:
        held = await connection.fetchval("select until - at from emergency")
        assert held == timedelta(hours=4)
        # As if it had been opened so long ago: the views ask the clock of the database.
        await connection.execute("update emergency set at = at - $1::interval, until = until - $1::interval", held)
        await connection.execute(
            "update reach set until = until - $1::interval where starts_with(holder, 'emergency:')", held
        )
    assert (await doctor.get("/Patient/an")).status_code == 404
    assert (await rows(app, "/fhir/Patient/an"))[-1] == ("read", 404, "", "")


async def test_a_header_opens_one_person_with_the_read_itself(world: World) -> None:
    app, _, doctor = world
    answer = await doctor.get("/Patient/an", headers=GLASS)
    assert (answer.status_code, answer.json()["id"]) == (200, "an")
    assert await rows(app, "/fhir/Patient/an") == [("read", 200, "BTG", REASON)]
    async with lend(app.state.service.plain) as connection:
        [deed] = await connection.fetch("select people, reason from audit where interaction = 'break-glass'")
    assert (list(deed["people"]), deed["reason"]) == (["an"], REASON)
    assert (await doctor.get("/Patient/nobody", headers=GLASS)).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/Patient?_id=an", GLASS, 400),
        ("GET", "/Encounter/kham-an", GLASS, 400),
        ("DELETE", "/Patient/an", GLASS, 403),
        ("GET", "/Patient/an", {"X-Break-Glass": "short"}, 400),
        ("GET", "/Patient/an", {"X-Break-Glass": ""}, 400),
        ("GET", "/Patient/an", {"X-Break-Glass": "%ff" * 20}, 400),
    ],
)
async def test_the_header_stands_only_where_one_person_is_read_for_a_reason(
    world: World, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    app, _, doctor = world
    assert (await doctor.request(method, path, headers=headers)).status_code == status
    async with lend(app.state.service.plain) as connection:
        assert await connection.fetchval("select count(*) from emergency") == 0


async def test_without_the_scope_the_header_opens_nothing_and_tells_nothing(world: World) -> None:
    app, _, _ = world
    async with await station(app, THERE, "hai", "system/*.rs") as other:
        answers = [await other.get(f"/Patient/{name}", headers=GLASS) for name in ("an", "nobody")]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert answers[0].json() == answers[1].json()


async def test_a_colleague_with_the_same_program_sees_nothing_of_it(world: World) -> None:
    app, _, doctor = world
    await doctor.get("/Patient/an", headers=GLASS)
    who = await as_caller(app, THERE, scopes=SCOPES, organization="Organization/bv-1", client="bac-si-2")
    async with client_of(app, who) as colleague:
        assert (await colleague.get("/Patient/an")).status_code == 404


async def test_the_persons_station_is_told_and_can_say_it_has_read_it(world: World) -> None:
    app, _, doctor = world
    await doctor.get("/Patient/an", headers=GLASS)
    await doctor.get("/Patient/an", headers=GLASS)
    async with await station(app, "00004@2025-07", "mot", base="") as own:
        found = (await own.get("/notices")).json()["notices"]
        assert [(item["kind"], item["patient"], item["by"]) for item in found] == [
            ("emergency", "Patient/an", "Organization/bv-1")
        ]
        assert (await own.post(f"/notices/{found[0]['id']}/read")).status_code == 204
        assert (await own.get("/notices?unread=true")).json()["notices"] == []
    listed = (await doctor.get("http://tramy.test/rights/emergencies")).json()["emergencies"]
    assert [(item["patient"], item["reason"], item["user"]) for item in listed] == [("Patient/an", REASON, "bac-si")]


async def test_a_person_can_be_told_who_looked(world: World) -> None:
    _, whole, doctor = world
    await doctor.get("/Patient/an", headers=GLASS)
    answer = (await whole.get("http://tramy.test/audit?person=an")).json()
    [found] = [item for item in answer["who"] if item["user"] == "bac-si"]
    assert (found["purposes"], found["reasons"]) == (["BTG"], [REASON])
