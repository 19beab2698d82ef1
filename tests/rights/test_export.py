"""All that is held on one person, and the routes of rights, through HTTP."""

import json
import zipfile
from collections.abc import AsyncIterator
from hashlib import sha256
from io import BytesIO

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from app.access.caller import Caller
from app.access.rights.emergency import open_emergency
from app.access.rights.notice import notify
from app.access.rights.request import add_request
from app.access.rights.restriction import restrict
from app.access.scope import read_scopes
from app.api.door import caller_of
from app.api.rights import router
from tests.rights.conftest import ADMIN, NOW, STATION, ZONE, put, reach
from tests.rights.test_emergencies import COMMUNE, DOCTOR, REASON
from tests.spec.people import Person

AUDITOR = Caller("kiem-tra", grants=read_scopes("tramy/audit"))
KEEPER = Caller("quan-tri", grants=read_scopes("tramy/admin tramy/protected"))
HIV = {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}]}


class Site:
    """The routes, asked as whoever is signed in."""

    def __init__(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        self.client, self.app = client, app

    async def ask(self, caller: Caller | None, method: str, path: str, **sent: object) -> httpx.Response:
        """Send a request as a caller."""
        if caller is None:
            self.app.dependency_overrides.pop(caller_of, None)
        else:
            self.app.dependency_overrides[caller_of] = lambda: caller
        return await self.client.request(method, path, **sent)


@pytest.fixture
async def site(running: tuple[FastAPI, httpx.AsyncClient], connection: asyncpg.Connection) -> AsyncIterator[Site]:
    """The running application, at which nobody has signed in."""
    app = running[0]
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://tramy.test") as client:
        yield Site(client, app)


def files(answer: httpx.Response) -> dict[str, bytes]:
    """Return the files of an export by name."""
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(BytesIO(answer.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


ROUTES = (
    ("GET", "/notices"),
    ("POST", "/notices/x/read"),
    ("POST", "/rights/break-glass"),
    ("GET", "/rights/emergencies"),
    ("GET", "/rights/export/mau-1"),
)


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_nobody_gets_nothing(site: Site, method: str, path: str) -> None:
    answer = await site.ask(None, method, path, json={"patient": "Patient/mau-1", "reason": REASON})
    assert answer.status_code == 401


def test_every_route_is_among_those_that_are_tried() -> None:
    assert len(router.routes) == len(ROUTES)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/rights/break-glass", DOCTOR),
        ("GET", "/rights/emergencies", AUDITOR),
        ("GET", "/rights/export/mau-1", ADMIN),
    ],
)
async def test_only_the_scope_opens_a_route(
    site: Site, fhir: httpx.AsyncClient, method: str, path: str, allowed: Caller
) -> None:
    await put(fhir, Person())
    sent = {"json": {"patient": "Patient/mau-1", "reason": REASON}} if method == "POST" else {}
    others = {STATION, DOCTOR, AUDITOR} - {allowed}
    assert (await site.ask(allowed, method, path, **sent)).status_code in (200, 201)
    assert {(await site.ask(caller, method, path, **sent)).status_code for caller in others} == {403}


async def test_an_export_has_every_version_as_it_was_sent_and_all_that_is_kept_beside(
    site: Site, fhir: httpx.AsyncClient, connection: asyncpg.Connection
) -> None:
    await put(fhir, Person(visits=("2025-03-01",), cards=("2026-01-01..2026-12-31",)), Person(visits=("2025-04-01",)))
    first = (await fhir.get("/Encounter/v-1-0")).text
    sent = first.replace('"status":', '"length":{"value":1.50,"unit":"h"},"status":')
    assert (await fhir.put("/Encounter/v-1-0", content=sent)).status_code == 200
    assert (await fhir.delete("/Coverage/k-1-0")).status_code == 204
    await reach(connection, "mau-1", COMMUNE)
    await open_emergency(connection, DOCTOR, "mau-1", REASON, NOW)
    await restrict(connection, ADMIN, "mau-1", "disputed", NOW)
    await add_request(connection, STATION, "mau-1", "access", NOW, ZONE)
    made = files(await site.ask(ADMIN, "GET", "/rights/export/mau-1"))
    history = json.loads(made["records.json"])
    told = [(entry["request"]["method"], entry["request"]["url"]) for entry in history["entry"]]
    assert told == [
        ("POST", "Patient"),
        ("DELETE", "Coverage/k-1-0"),
        ("POST", "Coverage"),
        ("PUT", "Encounter/v-1-0"),
        ("POST", "Encounter"),
    ]
    assert (history["type"], history["total"]) == ("history", 5)
    assert b"1.50" in made["records.json"]
    assert first.encode() in made["records.json"]
    assert b"mau-2" not in b"".join(made.values())
    counts = {name: len(json.loads(made[f"{name}.json"])) for name in ("reach", "requests", "restrictions", "notices")}
    assert counts == {"reach": 2, "requests": 1, "restrictions": 1, "notices": 1}
    assert json.loads(made["emergencies.json"])[0]["reason"] == REASON
    assert json.loads(made["spans.json"])
    assert json.loads(made["ledger.json"])
    manifest = json.loads(made.pop("manifest.json"))
    assert manifest["sha256"] == {name: sha256(content).hexdigest() for name, content in made.items()}


async def test_an_export_begins_with_a_summary_in_vietnamese(site: Site, fhir: httpx.AsyncClient) -> None:
    await put(fhir, Person(visits=("2025-03-01",), doses=("2025-04-02",), numbers=("căn-cước",)))
    made = files(await site.ask(ADMIN, "GET", "/rights/export/mau-1"))
    assert next(iter(made)) == "tom-tat.txt"
    text = made["tom-tat.txt"].decode("utf-8-sig")
    for part in ("Họ tên: Lý Thị Mẫu", "Ngày sinh: 17/05/1990", "010190000101", "Ngày: 01/03/2025", "Ngày: 02/04/2025"):
        assert part in text


async def test_an_export_of_one_merged_record_is_of_the_whole_person(site: Site, fhir: httpx.AsyncClient) -> None:
    await put(fhir, Person(visits=("2025-03-01",)), Person(visits=("2025-04-01",)))
    parts = [
        {"name": f"{side}-patient", "valueReference": {"reference": f"Patient/mau-{number}"}}
        for side, number in (("source", 2), ("target", 1))
    ]
    assert (await fhir.post("/Patient/$merge", json={"resourceType": "Parameters", "parameter": parts})).is_success
    of = [json.loads(files(await site.ask(ADMIN, "GET", f"/rights/export/mau-{n}"))["records.json"]) for n in (1, 2)]
    assert of[0]["entry"] == of[1]["entry"]
    assert {entry["resource"]["id"] for entry in of[0]["entry"]} == {"mau-1", "mau-2", "v-1-0", "v-2-0"}


async def test_protected_records_are_left_out_and_counted_without_the_permission(
    site: Site, fhir: httpx.AsyncClient
) -> None:
    await put(fhir, Person(visits=("2025-03-01", "2025-04-01")))
    record = (await fhir.get("/Encounter/v-1-0")).json()
    assert (await fhir.put("/Encounter/v-1-0", json={**record, "meta": HIV})).status_code == 200
    without = files(await site.ask(ADMIN, "GET", "/rights/export/mau-1"))
    assert b"v-1-0" not in without["records.json"]
    assert json.loads(without["manifest.json"])["left_out"] == 1
    assert "Có 1 hồ sơ thuộc diện bảo vệ đặc biệt" in without["tom-tat.txt"].decode()
    assert b"v-1-0" in files(await site.ask(KEEPER, "GET", "/rights/export/mau-1"))["records.json"]


async def test_there_is_no_export_of_nobody(site: Site) -> None:
    assert (await site.ask(ADMIN, "GET", "/rights/export/nobody")).status_code == 404


async def test_an_export_is_kept_by_no_cache_and_names_nobody(site: Site, fhir: httpx.AsyncClient) -> None:
    await put(fhir, Person())
    answer = await site.ask(ADMIN, "GET", "/rights/export/mau-1")
    assert answer.headers["cache-control"] == "no-store"
    assert "mau-1" not in str(answer.headers)


async def test_break_glass_answers_alike_for_who_is_held_and_who_is_not(site: Site, fhir: httpx.AsyncClient) -> None:
    await put(fhir, Person())
    answers = [
        await site.ask(DOCTOR, "POST", "/rights/break-glass", json={"patient": f"Patient/{name}", "reason": REASON})
        for name in ("mau-1", "nobody")
    ]
    assert {answer.status_code for answer in answers} == {201}
    assert {tuple(answer.json()) for answer in answers} == {("until",)}


async def test_break_glass_opens_all_records_of_a_merged_person(
    site: Site, fhir: httpx.AsyncClient, connection: asyncpg.Connection
) -> None:
    await put(fhir, Person(), Person())
    await connection.execute("update patient set person_id = 'mau-1'")
    await site.ask(DOCTOR, "POST", "/rights/break-glass", json={"patient": "mau-2", "reason": REASON})
    rows = await connection.fetch("select patient_id from reach where starts_with(holder, 'emergency:') order by 1")
    assert [row["patient_id"] for row in rows] == ["mau-1", "mau-2"]


@pytest.mark.parametrize(
    "sent", [{"patient": "Encounter/x", "reason": REASON}, {"patient": "Patient/mau-1", "reason": "vì"}]
)
async def test_break_glass_refuses_what_is_no_person_or_no_reason(site: Site, sent: dict) -> None:
    assert (await site.ask(DOCTOR, "POST", "/rights/break-glass", json=sent)).status_code == 400


async def test_notices_are_read_page_by_page_and_by_nobody_else(site: Site, connection: asyncpg.Connection) -> None:
    await reach(connection, "mau-1", COMMUNE)
    for _ in range(3):
        await notify(connection, "mau-1", "admitted", DOCTOR, NOW)
    first = (await site.ask(STATION, "GET", "/notices", params={"count": 2})).json()
    second = (await site.ask(STATION, "GET", "/notices", params={"count": 2, "after": first["next"]})).json()
    seen = [item["id"] for item in (*first["notices"], *second["notices"])]
    assert len(set(seen)) == 3
    assert second["next"] is None
    assert first["notices"][0]["patient"] == "Patient/mau-1"
    assert (await site.ask(DOCTOR, "GET", "/notices")).json() == {"notices": [], "next": None}
    assert (await site.ask(DOCTOR, "POST", f"/notices/{seen[0]}/read")).status_code == 404
    assert (await site.ask(STATION, "POST", f"/notices/{seen[0]}/read")).status_code == 204
    left = (await site.ask(STATION, "GET", "/notices", params={"unread": True})).json()
    assert [item["id"] for item in left["notices"]] == seen[1:]


@pytest.mark.parametrize("after", ["x", "2026-11-20_x", "2026-11-20T10:00:00_x", "_", "99999-01-01T00:00:00Z_x"])
async def test_a_page_that_was_never_named_is_refused(site: Site, after: str) -> None:
    assert (await site.ask(STATION, "GET", "/notices", params={"after": after})).status_code == 400
