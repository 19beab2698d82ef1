"""Reading the audit: who looked at a person, by program and time, page by page, and AuditEvents by BALP."""

from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from app.audit.query import Query, found, looked_at
from app.audit.resource import event_resource
from app.audit.writing import write
from app.fhir.validation import Validator
from tests.audit.conftest import NOW, event
from tests.conftest import as_caller, opened

SERVER = "http://tramy.test/fhir"
VALIDATOR = Validator(["AuditEvent"])
BALP = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
PERSON = {"people": ["an"], "records": ["Patient/an"], "outcome": "0"}


@pytest.fixture
async def pages(
    new_database: Callable[[], Awaitable[str]],
) -> AsyncIterator[tuple[httpx.AsyncClient, asyncpg.Pool, int]]:
    """The whole application, asked by an auditor."""
    async with opened(await new_database()) as (app, whole):
        headers = await as_caller(app, "", scopes="tramy/audit", client="kiem-toan")
        async with httpx.AsyncClient(
            transport=whole._transport, base_url="http://tramy.test", headers=headers
        ) as client:
            yield client, app.state.service.plain, app.state.service.epoch


async def filled(pool: asyncpg.Pool, epoch: int, number: int = 120) -> None:
    async with pool.acquire() as connection:
        await write(connection, [event(index) for index in range(number)], epoch)


async def test_pages_hold_every_event_once_the_newest_first(connection: asyncpg.Connection, epoch: int) -> None:
    same = [event(index, at=NOW) for index in range(30)]
    await write(connection, [*same, *(event(index) for index in range(40))], epoch)
    seen, query = [], Query(count=7)
    while True:
        page = await found(connection, query)
        seen += [(row["at"], row["id"]) for row in page.rows]
        if page.next is None:
            break
        query = Query(count=7, before=page.next)
    assert len(seen) == 70
    assert seen == sorted(set(seen), reverse=True)


async def test_everyone_who_looked_at_a_person_is_named_with_times(connection: asyncpg.Connection, epoch: int) -> None:
    await write(
        connection,
        [
            event(1, **PERSON, client="tyt-1", user="", interaction="read"),
            event(2, **PERSON, client="tyt-1", user="", interaction="search"),
            event(3, people=["binh", "an"], client="tyt-2", user="bac-si", reason="cấp cứu", interaction="read"),
            event(4, people=["binh"], client="tyt-3"),
        ],
        epoch,
    )
    rows = await looked_at(connection, Query(person="an"))
    assert [(row["client"], row["user_id"], row["events"]) for row in rows] == [
        ("tyt-2", "bac-si", 1),
        ("tyt-1", "", 2),
    ]
    assert rows[1]["interactions"] == ["read", "search"]
    assert (rows[1]["first"], rows[1]["last"]) == (NOW + timedelta(milliseconds=1), NOW + timedelta(milliseconds=2))
    assert rows[0]["reasons"] == ["cấp cứu"]


@pytest.mark.parametrize(
    ("given", "profile", "client", "entities"),
    [
        ({"interaction": "read", "action": "R"}, "PatientRead", "110152", {"1", "2", "XrequestId"}),
        ({"interaction": "vread", "action": "R"}, "PatientRead", "110152", {"1", "2", "XrequestId"}),
        ({"interaction": "search", "action": "E"}, "PatientQuery", "110153", {"1", "2", "XrequestId"}),
        ({"interaction": "create", "action": "C"}, "PatientCreate", "110153", {"1", "2", "XrequestId"}),
        ({"interaction": "update", "action": "U"}, "PatientUpdate", "110153", {"1", "2", "XrequestId"}),
        ({"interaction": "delete", "action": "D"}, "PatientDelete", "110150", {"1", "2", "XrequestId"}),
        ({"interaction": "search", "action": "E", "people": [], "records": []}, "Query", "110153", {"2", "XrequestId"}),
        ({"interaction": "read", "action": "R", "people": []}, "Read", "110152", {"2", "XrequestId"}),
        ({"interaction": "read", "action": "R", "outcome": "4", "status": 404}, "", "110152", {"1", "2", "XrequestId"}),
        ({"interaction": "token", "action": "E", "people": [], "records": [], "request": ""}, "", "110153", set()),
    ],
)
async def test_an_event_is_an_audit_event_by_balp(
    connection: asyncpg.Connection, epoch: int, given: dict, profile: str, client: str, entities: set[str]
) -> None:
    path = "/fhir/Patient?name=Nguyễn" if given["interaction"] == "search" else "/fhir/Patient/an"
    await write(connection, [event(3, **{**PERSON, "path": path, "user": "bac-si", **given})], epoch)
    (row,) = (await found(connection, Query())).rows
    made = event_resource(dict(row), SERVER)
    assert VALIDATOR.faults("AuditEvent", made) == []
    assert made.get("meta", {}).get("profile", []) == ([BALP + profile] if profile else [])
    codes = [agent["type"]["coding"][0]["code"] for agent in made["agent"]]
    assert codes[0] == client
    assert [agent["requestor"] for agent in made["agent"]] == [False, False, True, False]
    assert {entity["type"]["code"] for entity in made.get("entity", [])} == entities
    queries = [b64decode(entity["query"]).decode() for entity in made.get("entity", []) if "query" in entity]
    assert queries == (["GET /fhir/Patient?name=Nguyễn"] if given["interaction"] == "search" else [])


async def test_audit_lists_events_and_who(pages: tuple[httpx.AsyncClient, asyncpg.Pool, int]) -> None:
    client, pool, epoch = pages
    await filled(pool, epoch)
    person = event(7).people[0]
    answer = (await client.get("/audit", params={"person": person, "count": 2})).json()
    whole = [one for one in map(event, range(120)) if person in one.people]
    assert sum(one["events"] for one in answer["who"]) == len(whole)
    assert len(answer["events"]) == 2
    seen = answer["events"]
    while answer["next"]:
        answer = (await client.get("/audit" + answer["next"])).json()
        assert "who" not in answer
        seen += answer["events"]
    read = [one for one in seen if one["user"] != "kiem-toan"]
    assert len(read) == len(whole)
    assert {one["path"] for one in read} == {f"/fhir/Patient/{person}"}


async def test_reading_the_audit_is_in_the_audit(pages: tuple[httpx.AsyncClient, asyncpg.Pool, int]) -> None:
    client, pool, epoch = pages
    await filled(pool, epoch, 3)
    app = client._transport.app
    await client.get("/audit?person=an")
    assert (
        await client.get("/audit", headers=await as_caller(app, scopes="tramy/indicators", client="kiem-toan"))
    ).status_code == 403
    assert (
        await client.get("/fhir/AuditEvent", headers=await as_caller(app, scopes="system/*.cruds", client="kiem-toan"))
    ).status_code == 403
    rows = await pool.fetch(
        "select interaction, people, status, outcome from audit where user_id = 'kiem-toan' order by id"
    )
    assert [tuple(row) for row in rows] == [
        ("audit-search", ["an"], 200, "0"),
        ("audit-search", [], 403, "4"),
        ("search-type", [], 403, "4"),
    ]


@pytest.mark.parametrize(
    ("query", "has"),
    [
        ("patient=an", lambda one: "an" in one.people),
        ("patient=Patient/an", lambda one: "an" in one.people),
        ("entity=Patient/an", lambda one: "an" in one.people),
        ("entity=Encounter/k", lambda one: "Encounter/k" in one.records),
        ("agent:identifier=bac-si", lambda one: one.user == "bac-si"),
        ("agent=Organization/tyt-2", lambda one: one.organization == "Organization/tyt-2"),
        ("action=C,D", lambda one: one.action in "CD"),
        ("outcome=4", lambda one: one.outcome == "4"),
        ("subtype=http://hl7.org/fhir/restful-interaction|read", lambda one: one.interaction == "read"),
        ("subtype=search-type", lambda one: one.interaction == "search"),
        ("type=rest", lambda one: True),
        ("type=other", lambda one: False),
        ("address=192.0.2.8", lambda one: one.address == "192.0.2.8"),
        ("date=2026-11-21", lambda one: one.at.day == 20),
        ("date=ge2026-11-22&date=lt2026-11-23", lambda one: one.at.day == 22),
        ("date=gt2026-11-22", lambda one: False),
    ],
)
async def test_audit_events_are_searched(pages: Any, query: str, has: Callable[[Any], bool]) -> None:
    client, pool, epoch = pages
    given = [
        event(1, people=["an"], records=["Patient/an"], action="R", interaction="read", user=""),
        event(2, people=["binh"], records=["Encounter/k"], action="C", interaction="create", user="bac-si"),
        event(3, people=["an", "binh"], records=[], action="E", interaction="search", user="", address="192.0.2.8"),
        event(
            4, people=[], records=[], action="D", interaction="delete", outcome="4", organization="Organization/tyt-2"
        ),
        # At half past midnight in Viet Nam it is the day before in UTC.
        event(5, people=[], records=[], at=NOW.replace(day=20, hour=17, minute=30), interaction="token", user=""),
    ]
    async with pool.acquire() as connection:
        await write(connection, given, epoch)
    answer = await client.get(f"/fhir/AuditEvent?{query}")
    assert answer.status_code == 200, answer.text
    bundle = answer.json()
    assert len(bundle.get("entry", [])) == sum(has(one) for one in given)
    for entry in bundle.get("entry", []):
        assert VALIDATOR.faults("AuditEvent", entry["resource"]) == []


async def test_an_audit_event_is_read_by_its_id_and_pages_are_linked(pages: Any) -> None:
    client, pool, epoch = pages
    await filled(pool, epoch, 9)
    bundle = (await client.get("/fhir/AuditEvent?_count=4")).json()
    entry = bundle["entry"][0]
    answer = await client.get(entry["fullUrl"])
    assert answer.headers["content-type"].startswith("application/fhir+json")
    assert answer.json() == entry["resource"]
    following = next(link["url"] for link in bundle["link"] if link["relation"] == "next")
    later = (await client.get(following)).json()
    ids = [one["resource"]["id"] for one in (*bundle["entry"], *later["entry"])]
    assert len(set(ids)) == 8


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/fhir/AuditEvent/none", 404),
        ("GET", "/fhir/AuditEvent/0-0", 404),
        ("GET", "/fhir/AuditEvent/ffffffffffffff-1", 404),
        ("GET", "/fhir/AuditEvent/1-fffffffffffffff", 404),
        ("POST", "/fhir/AuditEvent", 405),
        ("PUT", "/fhir/AuditEvent/1-1", 405),
        ("GET", "/fhir/AuditEvent?name=x", 400),
        ("GET", "/fhir/AuditEvent?date=hom-qua", 400),
        ("GET", "/fhir/AuditEvent?_count=0", 400),
        ("GET", "/fhir/AuditEvent?_sort=date", 400),
        ("GET", "/fhir/AuditEvent?_page=x", 400),
        ("GET", "/fhir/AuditEvent?patient=a%00b", 400),
        ("GET", "/audit?person=", 400),
        ("GET", "/audit?person=a&person=b", 400),
        ("GET", "/audit?since=x", 400),
        ("GET", "/audit?client=%25' or 1=1 --", 200),
    ],
)
async def test_what_is_not_understood_is_refused(pages: Any, method: str, path: str, status: int) -> None:
    client, _, _ = pages
    answer = await client.request(method, path)
    assert answer.status_code == status, answer.text
