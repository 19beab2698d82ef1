"""The recorder: requests share commits, and nothing is answered when the audit cannot be written."""

import asyncio
import dataclasses
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from app.audit.recorder import Recorder
from app.errors import Unavailable
from app.store.binaries import find
from app.store.launcher import EmbeddedPostgres
from app.store.moment import open_epoch
from app.store.pool import open_pool
from app.store.schema import upgrade
from tests.audit.conftest import event


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    opened = await open_pool(database, size=2, statement_timeout=30)
    yield opened
    await opened.close()


async def test_requests_in_flight_share_commits(pool: asyncpg.Pool, connection: asyncpg.Connection, epoch: int) -> None:
    recorder = Recorder(pool, epoch)
    await asyncio.gather(*(recorder.record([event(index)]) for index in range(100)))
    row = await connection.fetchrow("select count(*), count(distinct tx) as commits from audit")
    assert row is not None
    assert row["count"] == 100
    assert row["commits"] <= 2


async def test_an_event_is_committed_when_record_returns(
    pool: asyncpg.Pool, connection: asyncpg.Connection, epoch: int
) -> None:
    recorder = Recorder(pool, epoch)

    async def one(number: int) -> None:
        await recorder.record([event(number, request=f"r{number}"), event(number, request=f"r{number}", part=1)])
        assert await connection_of(number) == 2

    lock = asyncio.Lock()

    async def connection_of(number: int) -> int:
        async with lock:
            return await connection.fetchval("select count(*) from audit where request = $1", f"r{number}")

    await asyncio.gather(*(one(number) for number in range(40)))


async def test_one_that_cannot_be_written_fails_no_other(
    pool: asyncpg.Pool, connection: asyncpg.Connection, epoch: int
) -> None:
    recorder = Recorder(pool, epoch)
    wrong = dataclasses.replace(event(0), status=10**9)
    results = await asyncio.gather(
        *(recorder.record([item]) for item in (event(1), wrong, event(2))), return_exceptions=True
    )
    assert [type(result) for result in results] == [type(None), Unavailable, type(None)]
    assert await connection.fetchval("select count(*) from audit") == 2


async def test_a_request_that_is_given_up_takes_nobody_with_it(
    pool: asyncpg.Pool, connection: asyncpg.Connection, epoch: int
) -> None:
    recorder = Recorder(pool, epoch)
    given_up = asyncio.create_task(recorder.record([event(1)]))
    other = asyncio.create_task(recorder.record([event(2)]))
    await asyncio.sleep(0)
    given_up.cancel()
    await other
    assert await connection.fetchval("select count(*) from audit") == 2


async def test_without_the_database_every_request_fails_and_later_ones_work(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path, find()) as server:
        await upgrade(server.url)
        pool = await open_pool(server.url, size=2, statement_timeout=30)
        async with pool.acquire() as connection:
            recorder = Recorder(pool, await open_epoch(connection))
        await recorder.record([event(1)])
        server.stop()
        results = await asyncio.gather(
            *(recorder.record([event(index)]) for index in range(20)), return_exceptions=True
        )
        assert {type(result) for result in results} == {Unavailable}
        server.start()
        await recorder.record([event(2)])
        async with pool.acquire() as connection:
            assert await connection.fetchval("select count(*) from audit") == 2
        await pool.close()


async def test_a_database_that_hangs_fails_requests_in_time(
    pool: asyncpg.Pool, connection: asyncpg.Connection, epoch: int
) -> None:
    recorder = Recorder(pool, epoch, patience=0.3)
    await recorder.record([event(1)])
    servers = await connection.fetch(
        "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    )
    for server in servers:
        os.kill(server["pid"], signal.SIGSTOP)
    try:
        async with asyncio.timeout(5):
            with pytest.raises(Unavailable):
                await recorder.record([event(2)])
    finally:
        for server in servers:
            os.kill(server["pid"], signal.SIGCONT)
    async with asyncio.timeout(5):
        while await recorded(recorder) is Unavailable:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def recorded(recorder: Recorder) -> type | None:
    try:
        await recorder.record([event(3)])
    except Unavailable as error:
        return type(error)
