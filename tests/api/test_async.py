"""Requests that are answered later: Prefer: respond-async. https://hl7.org/fhir/R4/async.html"""

import asyncio
import gzip
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from app.api import working
from app.api.handlers import jobs
from app.api.working import AT_ONCE, ATTEMPTS
from app.store.job import KEPT, SILENT, put, take
from tests.api.records import TYPES, bundle, entry, example, fresh, patient, visit
from tests.conftest import opened

LATER = {"prefer": "respond-async"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
BLOCKED = "from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
Late = tuple[FastAPI, httpx.AsyncClient, str]


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """Let workers look for jobs all the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(working, "PAUSE", 0.02)
        yield


@pytest.fixture(scope="module")
async def late(new_database: Callable[[], Awaitable[str]]) -> AsyncIterator[Late]:
    """An application with a worker, where Patient/mau-1 has a visit; its client; its database."""
    url = await new_database()
    async with opened(url) as (app, client):
        await client.put("/Patient/mau-1", json=patient("mau-1"))
        for name in TYPES:
            await client.put(f"/{name}/mau-1", json=example(name, id="mau-1"))
        yield app, client, url


@asynccontextmanager
async def direct(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def nobody_reads(url: str, table: str = "patient") -> AsyncIterator[asyncpg.Connection]:
    """Let whoever reads a table wait for as long as this is entered."""
    async with direct(url) as connection, connection.transaction():
        await connection.execute(f"lock table {table} in access exclusive mode")
        yield connection


async def ask(client: httpx.AsyncClient, address: str, method: str = "GET", **more: Any) -> str:
    """Ask for an answer later and return where it will be."""
    headers = {**LATER, **more.pop("headers", {})}
    answer = await client.request(method, address, headers=headers, **more)
    assert answer.status_code == 202, answer.text
    return answer.headers["content-location"]


async def until(true: Callable[[], Awaitable[Any]]) -> Any:
    """Wait until something holds and return it."""
    for _ in range(500):
        found = await true()
        if found:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError("it never came about")


async def fetched(client: httpx.AsyncClient, place: str) -> httpx.Response:
    """Return the answer, asking until it is there."""

    async def there() -> httpx.Response | None:
        answer = await client.get(place)
        assert answer.status_code in (200, 202), answer.text
        return answer if answer.status_code == 200 else None

    return await until(there)


async def told(client: httpx.AsyncClient, place: str) -> dict[str, Any]:
    """Return the one entry of an answer."""
    answer = (await fetched(client, place)).json()
    assert (answer["resourceType"], answer["type"], len(answer["entry"])) == ("Bundle", "batch-response", 1)
    return answer["entry"][0]


async def runs(client: httpx.AsyncClient, place: str) -> bool:
    return (await client.get(place)).headers.get("x-progress", "").startswith("running")


async def begun(url: str, address: str) -> str:
    """Ask an application for an answer later, and stop it while it is at that; nobody may read meanwhile."""
    async with opened(url) as (_, client):
        place = await ask(client, address)
        await until(lambda: runs(client, place))
    return place


def shift(app: FastAPI, by: timedelta) -> None:
    """Set the clock of an application to another time."""
    clock = app.state.service.clock
    app.state.service = replace(app.state.service, clock=lambda: clock() + by)


LONG = [
    *(("GET", f"/{name}?_count=1", {}) for name in TYPES),
    ("GET", "/?_type=Patient,Encounter", {}),
    ("GET", "/Patient/mau-1/Encounter", {}),
    ("GET", "/Patient/mau-1/*?_count=1", {}),
    ("GET", "/Patient/_history", {}),
    ("GET", "/_history?_count=2", {}),
    ("GET", "/Patient/mau-1/$everything?_count=2", {}),
    ("POST", "/Patient/_search", {"content": "_id=mau-1", "headers": FORM}),
    ("POST", "/_search", {"content": "_id=mau-1", "headers": FORM}),
    ("POST", "/Patient/mau-1/Encounter/_search", {"content": "status=finished", "headers": FORM}),
    (
        "POST",
        "/Patient/mau-1/$everything",
        {"json": {"resourceType": "Parameters", "parameter": [{"name": "_type", "valueCode": "Encounter"}]}},
    ),
    (
        "POST",
        "/Patient/_search",
        {"content": gzip.compress(b"_id=mau-1"), "headers": {**FORM, "content-encoding": "gzip"}},
    ),
    ("GET", "/ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender", {}),
]


@pytest.mark.parametrize(("method", "address", "sent"), LONG)
async def test_the_answer_is_what_it_would_have_been_at_once(
    late: Late, method: str, address: str, sent: dict[str, Any]
) -> None:
    _, client, _ = late
    later = await told(client, await ask(client, address, method, **sent))
    now = await client.request(method, address, **sent)
    assert now.status_code == 200, now.text
    expected = now.json()
    for tree in (expected, later["resource"]):
        tree.get("expansion", {}).pop("timestamp", None)
    # Links to other pages are sealed anew every time.
    for tree in (expected, later["resource"]):
        tree["link"] = [item["relation"] for item in tree.get("link", [])]
    assert later["resource"] == expected
    assert later["response"] == {"status": "200"}


async def test_what_is_taken_names_the_place_of_its_answer(late: Late) -> None:
    _, client, _ = late
    answer = await client.get("/Patient", headers=LATER)
    assert answer.status_code == 202
    assert answer.headers["preference-applied"] == "respond-async"
    assert re.fullmatch(r"http://tramy\.test/fhir/_jobs/[0-9a-f]{32}", answer.headers["content-location"])
    assert answer.json()["issue"][0]["severity"] == "information"
    done = await fetched(client, answer.headers["content-location"])
    assert done.headers["cache-control"] == "no-store"
    assert "expires" in done.headers
    assert "preference-applied" not in done.headers


@pytest.mark.parametrize(
    ("address", "status", "place"),
    [("/Patient?nonsense=1", "400", ["nonsense"]), ("/Patient/nobody-at-all/$everything", "404", [])],
)
async def test_an_error_is_told_in_the_answer(late: Late, address: str, status: str, place: list[str]) -> None:
    _, client, _ = late
    later = await told(client, await ask(client, address))
    assert "resource" not in later
    assert later["response"]["status"] == status
    issue = later["response"]["outcome"]["issue"][0]
    assert issue.get("expression", []) == place


async def test_a_request_for_nothing_known_is_refused_at_once(late: Late) -> None:
    _, client, _ = late
    assert (await client.get("/Nonsense", headers=LATER)).status_code == 404
    assert (await client.get("/Patient", headers={**LATER, "accept": "text/plain"})).status_code == 406
    large = "_id=" + "x" * jobs.BODY_LIMIT
    assert (await client.post("/Patient/_search", content=large, headers={**LATER, **FORM})).status_code == 413


async def test_leniency_and_language_are_those_of_the_request(late: Late) -> None:
    _, client, _ = late
    headers = {"prefer": "respond-async, handling=lenient"}
    later = await told(client, await ask(client, "/Patient?nonsense=1", headers=headers))
    assert later["resource"]["entry"][-1]["search"]["mode"] == "outcome"
    for tongue in ("en", "vi"):
        place = await ask(client, "/Patient?nonsense=1", headers={"accept-language": tongue})
        assert (await told(client, place))["response"]["outcome"]["language"] == tongue


async def test_links_in_the_answer_name_the_host_that_was_asked(late: Late) -> None:
    _, client, _ = late
    place = await ask(client, "/Patient", headers={"host": "other.test:8443"})
    assert place.startswith("http://other.test:8443/fhir/_jobs/")
    later = await told(client, place.replace("other.test:8443", "tramy.test"))
    assert later["resource"]["link"][0]["url"].startswith("http://other.test:8443/fhir/Patient?")


@pytest.mark.parametrize("name", TYPES)
async def test_all_else_is_answered_at_once(late: Late, name: str) -> None:
    _, client, _ = late
    record = fresh(name.lower())
    sent = example(name, id=record)
    answers = [
        await client.put(f"/{name}/{record}", json=sent, headers=LATER),
        await client.get(f"/{name}/{record}", headers=LATER),
        await client.head(f"/{name}", headers=LATER),
        await client.get(f"/{name}/{record}/_history", headers=LATER),
        await client.get(f"/{name}/{record}/$meta", headers=LATER),
        await client.post("/", json=bundle(entry("GET", f"{name}/{record}"), kind="batch"), headers=LATER),
        await client.delete(f"/{name}/{record}", headers=LATER),
    ]
    assert [answer.status_code for answer in answers] == [201, 200, 200, 200, 200, 200, 204]
    assert all("preference-applied" not in answer.headers for answer in answers)


async def test_progress_is_told_while_it_runs_and_while_it_waits(late: Late) -> None:
    _, client, url = late
    async with nobody_reads(url):
        places = [await ask(client, "/Patient?_count=1") for _ in range(AT_ONCE + 2)]
        for place in places[:AT_ONCE]:
            await until(lambda place=place: runs(client, place))
        answers = [await client.get(place) for place in places]
        assert {answer.status_code for answer in answers} == {202}
        assert {answer.headers["retry-after"] for answer in answers} == {"1"}
        assert all(re.fullmatch(r"running for \d+ s", item.headers["x-progress"]) for item in answers[:AT_ONCE])
        assert [item.headers["x-progress"] for item in answers[AT_ONCE:]] == [
            "waiting, 0 before it",
            "waiting, 1 before it",
        ]
        # Others are served meanwhile.
        assert (await client.get("/Encounter")).status_code == 200
    for place in places:
        assert (await told(client, place))["response"]["status"] == "200"


async def test_a_job_that_is_deleted_is_given_up(late: Late) -> None:
    _, client, url = late
    async with nobody_reads(url) as connection:
        places = [await ask(client, "/Patient?_count=1") for _ in range(AT_ONCE)]
        for place in places:
            await until(lambda place=place: runs(client, place))
            assert (await client.delete(place)).status_code == 202
            assert (await client.get(place)).status_code == 404
            assert (await client.delete(place)).status_code == 404

        async def ended() -> bool:
            return await connection.fetchval(f"select count(*) {BLOCKED}") == 0

        await until(ended)
        # Their places are free.
        assert (await told(client, await ask(client, "/Encounter?_count=1")))["response"]["status"] == "200"


async def test_an_answer_can_be_fetched_again_until_it_is_deleted(late: Late) -> None:
    _, client, url = late
    place = await ask(client, "/Patient?_count=1")
    first = await fetched(client, place)
    assert (await client.get(place)).content == first.content
    head = await client.head(place)
    assert (head.status_code, head.content) == (200, b"")
    async with direct(url) as connection:
        kept = await connection.fetchrow("select request, answer from job where id = $1", place.rpartition("/")[2])
        assert kept
        assert (kept["request"], bool(kept["answer"])) == (None, True)
        assert (await client.delete(place)).status_code == 202
        assert await connection.fetchval("select count(*) from job where id = $1", place.rpartition("/")[2]) == 0
    assert (await client.get(place)).status_code == 404


async def test_a_job_that_is_unknown_or_of_another_caller_is_not_found(late: Late) -> None:
    app, client, url = late
    async with direct(url) as connection:
        await put(connection, "of-another", "another", "{}", app.state.service.clock())
        for name in ("of-another", "0" * 32, "x"):
            answer = await client.get(f"/_jobs/{name}")
            assert (answer.status_code, answer.json()["issue"][0]["code"]) == (404, "not-found")
            assert (await client.delete(f"/_jobs/{name}")).status_code == 404
        assert await connection.fetchval("delete from job where id = 'of-another' returning true")


async def test_an_address_of_jobs_takes_nothing_else(late: Late) -> None:
    _, client, _ = late
    for method in ("POST", "PUT", "PATCH"):
        answer = await client.request(method, "/_jobs/x", json={})
        assert (answer.status_code, answer.headers["allow"]) == (405, "DELETE, GET, HEAD")
    answer = await client.get("/_jobs/x?nonsense=1")
    assert answer.status_code == 400
    for address in ("/_jobs", "/_jobs/x/y", "/_jobs/$meta", "/_jobs/..%2Fx"):
        assert (await client.get(address)).status_code == 404, address
    batch = await client.post("/", json=bundle(entry("GET", "_jobs/x"), kind="batch"))
    assert batch.json()["entry"][0]["response"]["status"] == "400"


async def test_an_answer_is_kept_for_a_day(database: str) -> None:
    async with opened(database) as (app, client), direct(database) as connection:
        place = await ask(client, "/Patient")
        await fetched(client, place)
        shift(app, KEPT - timedelta(minutes=1))
        assert (await client.get(place)).status_code == 200
        shift(app, timedelta(minutes=2))
        assert (await client.get(place)).status_code == 404
        assert (await client.delete(place)).status_code == 404

        async def swept() -> bool:
            return await connection.fetchval("select count(*) from job") == 0

        await until(swept)


async def test_a_job_outlives_the_application_that_began_it(database: str) -> None:
    async with opened(database) as (_, client):
        await client.put("/Patient/mau-1", json=patient("mau-1"))
    async with nobody_reads(database):
        place = await begun(database, "/Patient?_id=mau-1")
        # The worker has ended in order and left the job to others.
        async with direct(database) as connection:
            rows = await connection.fetch("select worker, attempts from job")
            assert [tuple(row) for row in rows] == [(None, 0)]
    async with opened(database) as (_, second):
        later = await told(second, place)
    assert later["resource"]["entry"][0]["resource"]["id"] == "mau-1"


async def test_the_job_of_a_killed_worker_is_taken_up_when_it_has_been_silent(database: str) -> None:
    async with opened(database) as (app, client), direct(database) as connection:
        async with nobody_reads(database):
            blocked = [await ask(client, "/Patient") for _ in range(AT_ONCE)]
            for place in blocked:
                await until(lambda place=place: runs(client, place))
            place = await ask(client, "/Encounter")
            assert await take(connection, "killed", app.state.service.clock())
        for done in blocked:
            await fetched(client, done)
        await asyncio.sleep(0.3)
        assert await runs(client, place)
        shift(app, SILENT + timedelta(seconds=1))
        assert (await told(client, place))["response"]["status"] == "200"
        row = await connection.fetchrow("select worker, attempts from job where id = $1", place.rpartition("/")[2])
        assert row
        assert (row["worker"] != "killed", row["attempts"]) == (True, 2)


async def test_a_worker_that_lost_its_job_does_not_answer_it(database: str) -> None:
    """A worker that was asleep for long comes back when another has the job: only one of the two answers it."""
    async with opened(database) as (_, client), direct(database) as connection:
        async with nobody_reads(database):
            place = await ask(client, "/Patient")
            await until(lambda: runs(client, place))
            await connection.execute("update job set worker = 'other'")
            await asyncio.sleep(0.3)
        await asyncio.sleep(0.3)
        assert await runs(client, place)


async def test_a_job_that_ends_its_workers_is_given_up(database: str) -> None:
    async with nobody_reads(database):
        place = await begun(database, "/Patient")
    async with direct(database) as connection:
        now = await connection.fetchval("select asked_at from job")
        assert now
        for attempt in range(ATTEMPTS):
            assert await take(connection, f"killed-{attempt}", now - timedelta(minutes=5 - attempt))
    async with opened(database) as (_, client):
        later = await told(client, place)
    assert later["response"]["status"] == "503"
    assert later["response"]["outcome"]["resourceType"] == "OperationOutcome"


async def test_each_job_is_run_once_however_many_workers_look(database: str) -> None:
    async with opened(database) as (_, one), opened(database) as (_, other), direct(database) as connection:
        clients = [one, other] * 20
        places = await asyncio.gather(*(ask(client, "/Patient?_count=1") for client in clients))
        assert len(set(places)) == len(places)
        answers = await asyncio.gather(
            *(told(client, place) for client, place in zip(clients[::-1], places, strict=True))
        )
        assert {answer["response"]["status"] for answer in answers} == {"200"}
        rows = await connection.fetch("select worker, attempts from job")
    assert {row["attempts"] for row in rows} == {1}
    assert len({row["worker"] for row in rows}) == 2


async def test_a_large_answer_is_kept_whole(database: str) -> None:
    async with opened(database) as (_, client):
        text = "ế" * 50_000
        await client.put("/Patient/mau-1", json=patient("mau-1"))
        sent = [
            entry(
                "PUT",
                f"Encounter/large-{number}",
                visit(f"large-{number}", "Patient/mau-1", reasonCode=[{"text": text}]),
            )
            for number in range(60)
        ]
        assert (await client.post("/", json=bundle(*sent))).status_code == 200
        now = await client.get("/Encounter?_count=100")
        later = await fetched(client, await ask(client, "/Encounter?_count=100"))
        assert len(later.content) > 8_000_000
        assert now.content in later.content


async def test_with_too_much_to_do_a_request_is_answered_at_once(late: Late, monkeypatch: pytest.MonkeyPatch) -> None:
    _, client, _ = late
    monkeypatch.setattr(jobs, "MOST_OPEN", 0)
    answer = await client.post("/Patient/_search", content="_id=mau-1", headers={**LATER, **FORM})
    assert (answer.status_code, answer.json()["total"]) == (200, 1)
    assert "preference-applied" not in answer.headers


async def test_a_database_that_goes_away_does_not_lose_a_job(database: str) -> None:
    async with opened(database) as (app, client), direct(database) as connection:
        async with nobody_reads(database):
            place = await ask(client, "/Patient")
            await until(lambda: runs(client, place))
            await connection.execute(f"select pg_terminate_backend(pid) {BLOCKED}")
            await asyncio.sleep(0.2)
            assert await runs(client, place)
        shift(app, SILENT + timedelta(seconds=1))
        assert (await told(client, place))["response"]["status"] == "200"
