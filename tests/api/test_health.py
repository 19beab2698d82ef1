"""Health checks: live whatever the database does, ready only when it answers and has the newest schema."""

from datetime import timedelta
from time import perf_counter

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from app.api.application import application
from app.audit.writing import write
from app.config import Settings
from tests.audit.conftest import event

HOST = "http://tramy.test"
Running = tuple[FastAPI, httpx.AsyncClient]


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
async def test_a_service_that_runs_is_live_and_ready(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(HOST + path)
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert answer.headers["cache-control"] == "no-store"
    assert (await client.head(HOST + path)).status_code == 200


@pytest.mark.parametrize("change", ["update alembic_version set version_num = '9999'", "drop table alembic_version"])
async def test_another_schema_is_not_ready(running: Running, database: str, change: str) -> None:
    connection = await asyncpg.connect(database)
    await connection.execute(change)
    await connection.close()
    answer = await running[1].get(f"{HOST}/health/ready")
    assert answer.status_code == 503
    assert [reason["code"] for reason in answer.json()["reasons"]] == ["schema"]
    assert (await running[1].get(f"{HOST}/health/live")).status_code == 200


async def test_a_database_that_does_not_answer_in_a_second_is_not_ready(running: Running, database: str) -> None:
    connection = await asyncpg.connect(database)
    try:
        await connection.execute("begin; lock alembic_version in access exclusive mode")
        began = perf_counter()
        answer = await running[1].get(f"{HOST}/health/ready")
        assert perf_counter() - began < 2
    finally:
        await connection.close()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert [reason["code"] for reason in answer.json()["reasons"]] == ["database"]
    assert (await running[1].get(f"{HOST}/health/ready")).status_code == 200


async def test_a_database_that_is_gone_is_not_ready(running: Running) -> None:
    running[0].state.service.plain.terminate()
    answer = await running[1].get(f"{HOST}/health/ready")
    assert answer.status_code == 503
    assert answer.json()["reasons"][0]["en"] == "The database does not answer within 1 s."


async def test_a_service_that_is_starting_is_live_and_not_ready() -> None:
    transport = httpx.ASGITransport(application(Settings(), "postgresql://nowhere"))
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as starting:
        assert (await starting.get("/health/live")).status_code == 200
        answer = await starting.get("/health/ready")
    assert (answer.status_code, answer.json()["reasons"][0]["code"]) == (503, "starting")


async def test_how_many_rows_wait_for_their_seal_is_told_and_for_how_long_they_may(running: Running) -> None:
    state = running[0].state
    answer = await running[1].get(f"{HOST}/health/ready")
    assert answer.json()["unsealed"] >= 0
    old = event(at=state.service.clock() - timedelta(seconds=61))
    async with state.service.writing.acquire() as held:
        # Whoever holds this lock is the one who seals, so nobody does.
        await held.execute("select pg_advisory_lock(hashtext('tramy audit seal'))")
        await write(held, [old], state.service.epoch)
        answer = await running[1].get(f"{HOST}/health/ready")
        assert (answer.status_code, answer.json()["reasons"][0]["code"]) == (503, "audit")
        await held.execute("select pg_advisory_unlock(hashtext('tramy audit seal'))")
