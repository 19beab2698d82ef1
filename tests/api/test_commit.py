"""What is answered with success is committed; what fails to commit is answered with an error and leaves nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import asyncpg
import httpx
import pytest

from app.config import Settings
from tests.api.records import TYPES, bundle, entry, example, fresh, patient, statuses
from tests.conftest import opened

# A trigger that waits for the commit and refuses it.
REFUSE = """
create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no commit'; end $$;
create constraint trigger refuse after insert or update on {table} deferrable initially deferred
for each row execute function refuse();
"""
# A trigger that ends the connection of the writer within its transaction; the service's role may not do that itself.
CUT = """
create function cut() returns trigger language plpgsql security definer as $$
begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$;
create constraint trigger cut after insert or update on {table} deferrable initially deferred
for each row execute function cut();
"""


@asynccontextmanager
async def direct(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.mark.parametrize(("trigger", "statuses_of_failure"), [(REFUSE, {500}), (CUT, {503})], ids=["refused", "cut"])
async def test_a_commit_that_fails_is_never_answered_with_success(
    database: str, trigger: str, statuses_of_failure: set[int]
) -> None:
    async with opened(database) as (_app, client), direct(database) as connection:
        await client.put("/Patient/mau-1", json=patient("mau-1"))
        for kind in TYPES:
            await client.put(f"/{kind}/held", json=example(kind, id="held"))
        await client.put("/Organization/gone", json=example("Organization", id="gone"))
        name = "refuse" if trigger is REFUSE else "cut"
        for kind in TYPES:
            await connection.execute(trigger.format(table=kind.lower()))
            answers = [
                await client.post(f"/{kind}", json=example(kind)),
                await client.put(f"/{kind}/new", json=example(kind, id="new")),
                await client.put(f"/{kind}/held", json=example(kind, id="held", language="vi")),
                await client.post(f"/{kind}", json=example(kind), headers={"if-none-exist": "_id=nobody"}),
                await client.post("/", json=bundle(entry("POST", kind, example(kind)))),
                await client.request("DELETE", f"/{kind}/held"),
            ]
            failed = [answer for answer in answers if answer.status_code != 409]
            assert {answer.status_code for answer in failed} == statuses_of_failure
            assert all(answer.json()["resourceType"] == "OperationOutcome" for answer in answers)
            await connection.execute(f"drop trigger {name} on {kind.lower()}; drop function {name}")
            held = (await client.get(f"/{kind}/held")).json()
            assert held["meta"]["versionId"] == "1"
            assert (await client.get(f"/{kind}/new")).status_code == 404
            total = (await client.get(f"/{kind}")).json()["total"]
            assert total == {"Patient": 2, "Organization": 2}.get(kind, 1)


async def test_in_a_batch_what_was_committed_is_told_from_what_failed(database: str) -> None:
    async with opened(database) as (_app, client), direct(database) as connection:
        await connection.execute(CUT.format(table="location"))
        sent = bundle(
            entry("PUT", "Patient/a", patient("a")),
            entry("PUT", "Location/b", example("Location", id="b")),
            entry("PUT", "Patient/c", patient("c")),
            kind="batch",
        )
        answer = await client.post("/", json=sent)
        assert statuses(answer) == ["201", "503", "201"]
        found = [(await client.get(f"/{name}")).status_code for name in ("Patient/a", "Location/b", "Patient/c")]
        assert found == [200, 404, 200]


async def test_a_reader_whose_connection_ends_is_asked_to_come_again(database: str) -> None:
    settings = Settings(pool_size=1)
    async with opened(database, settings) as (_app, client), direct(database) as holder, direct(database) as connection:
        await client.put("/Patient/a", json=patient("a"))
        await holder.execute("begin; lock table patient")
        for address in ("/Patient/a", "/Patient/a/_history", "/Patient/a/_history/1", "/Patient?_id=a"):
            asked = asyncio.create_task(client.get(address))
            await waiting(connection)
            await connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where wait_event_type = 'Lock' and datname = current_database()"
            )
            answer = await asked
            assert answer.status_code == 503, address
            assert answer.headers["retry-after"] == "1"
        await holder.execute("rollback")
        assert (await client.get("/Patient/a")).status_code == 200


async def waiting(connection: asyncpg.Connection) -> None:
    """Return when a connection waits for a lock."""
    for _ in range(500):
        if await connection.fetchval(
            "select exists (select from pg_stat_activity"
            " where wait_event_type = 'Lock' and datname = current_database())"
        ):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")


async def test_a_statement_that_takes_too_long_is_given_up(database: str) -> None:
    async with opened(database, Settings(statement_timeout=0.3)) as (_app, client), direct(database) as connection:
        await client.put("/Patient/a", json=patient("a"))
        await connection.execute("begin; select from patient for update")
        answer = await client.put("/Patient/a", json=patient("a", gender="male"))
        assert answer.status_code == 503
        await connection.execute("rollback; begin; lock table patient")
        assert (await client.get("/Patient?_id=a")).status_code == 503
        await connection.execute("rollback")
        assert (await client.get("/Patient/a")).headers["etag"] == 'W/"1"'


async def test_a_record_found_by_a_condition_and_deleted_meanwhile_is_created(client: httpx.AsyncClient) -> None:
    value = fresh("vanishing")
    sent = example("Organization", identifier=[{"value": value}])
    condition = {"if-none-exist": f"identifier={value}"}
    in_bundle = bundle(entry("POST", "Organization", sent, ifNoneExist=f"identifier={value}"))
    for turn in range(40):
        record = (await client.post("/Organization", json=sent, headers=condition)).json()["id"]
        created: list[httpx.Response]
        *created, deleted = await asyncio.gather(
            client.post("/", json=in_bundle)
            if turn % 2
            else client.post("/Organization", json=sent, headers=condition),
            client.post("/Organization", json=sent, headers=condition),
            client.delete(f"/Organization/{record}"),
        )
        assert deleted.status_code == 204
        assert {answer.status_code for answer in created} <= {200, 201}


async def test_times_of_versions_never_run_backwards_though_the_clock_does(database: str) -> None:
    async with opened(database) as (app, client):
        began = datetime.now(UTC).replace(microsecond=0)
        clock = iter([began, began, began - timedelta(hours=1), began - timedelta(days=1), began + timedelta(hours=1)])
        times, versions = [], []
        for number, now in enumerate(clock):
            app.state.service = replace(app.state.service, clock=lambda now=now: now)
            answer = await client.put("/Patient/a", json=patient("a", language=f"x-{number}"))
            times.append(answer.json()["meta"]["lastUpdated"])
            versions.append(parsedate_to_datetime(answer.headers["last-modified"]))
        assert times == sorted(set(times))
        assert versions == sorted(versions)
        assert datetime.fromisoformat(times[-1]) == began + timedelta(hours=1)
