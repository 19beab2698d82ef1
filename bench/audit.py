"""The audit: what an event costs when many requests share a commit, and how fast sealed rows are verified."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import asyncpg
import psutil

from app.audit.event import Event
from app.audit.recorder import Recorder
from app.audit.sealing import seal
from app.audit.verify import verify
from app.store.moment import open_epoch
from app.store.pool import alone, lend, open_pool
from bench.figure import Cost, Figure
from bench.run import Run

WAITING = 16
ROWS_ASKED = 150_000
MICROSECONDS_ASKED = 60
_BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
_TRANSACTION, _SEAL = 100, 10
"""Rows of a transaction, and transactions of a seal."""
_FILL = """
insert into audit (at, request, part, action, interaction, method, path, client, user_id, organization, address,
    purpose, reason, status, outcome, records, people, results, detail, tx)
select $1::timestamptz + n * interval '2 milliseconds', gen_random_uuid()::text, 0, 'R', 'read', 'GET',
    '/fhir/Patient/' || person, 'tyt-' || n % 300, '', 'Organization/tyt-' || n % 300, '192.0.2.7', 'TREAT', '', 200,
    '0', array['Patient/' || person], array[person], null, '',
    $3::bigint + pg_current_xact_id()::text::bigint
from (select n, 'p-' || (n * 7919) % 1000000 as person from generate_series($2::bigint + 1, $2 + 100) n) e
"""


async def measure(given: Run) -> list[Figure]:
    """Record events on an empty database; fill another with sealed rows and verify them."""
    async with given.databases.new("bench_audit") as url:
        recorded = await _recorded(url, given.databases.pid, given.sizes.ids)
        rows = 100 * given.sizes.ids
        given.say(f"sealing {rows:,} rows of audit")
        await _filled(url, rows)
        return [recorded, await _verified(url)]


async def _recorded(url: str, postgres: int, number: int) -> Figure:
    pool = await open_pool(url, size=2, statement_timeout=30, planned_once=True)
    try:
        async with lend(pool) as connection:
            recorder = Recorder(pool, await open_epoch(connection))
        await _all(recorder, number // 10)
        before, own, began = _spent(postgres), time.process_time(), time.perf_counter()
        await _all(recorder, number)
        took, server, database = time.perf_counter() - began, time.process_time() - own, _spent(postgres) - before
    finally:
        await pool.close()
    cost = Cost(server=1000 * server / number, postgres=1000 * database / number)
    work = f"an event into the audit, CPU of program and Postgres ({WAITING} wait)"
    each = 1e6 * (server + database) / number
    return Figure(work, each, "µs", MICROSECONDS_ASKED, "under", cost=cost, note=f"{number / took:,.0f} a second")


async def _all(recorder: Recorder, number: int) -> None:
    async def one(first: int) -> None:
        for place in range(first, number, WAITING):
            await recorder.record([_event(place)])

    await asyncio.gather(*(one(first) for first in range(WAITING)))


def _event(place: int) -> Event:
    person = f"p-{place % 1000}"
    return Event(
        at=_BEGAN + timedelta(milliseconds=place),
        action="R",
        interaction="read",
        request=f"0190a5f2-7c3b-7def-8123-{place:012x}",
        method="GET",
        path=f"/fhir/Patient/{person}",
        client=f"tyt-{place % 300}",
        organization=f"Organization/tyt-{place % 300}",
        address="192.0.2.7",
        purpose="TREAT",
        status=200,
        records=[f"Patient/{person}"],
        people=[person],
    )


def _spent(pid: int) -> float:
    """Return the CPU seconds that Postgres has used so far."""
    first = psutil.Process(pid)
    times = [one.cpu_times() for one in (first, *first.children(recursive=True))]
    return sum(spent.user + spent.system for spent in times)


async def _filled(url: str, rows: int) -> None:
    connection = await asyncpg.connect(url, command_timeout=None)
    try:
        epoch = await open_epoch(connection)
        await connection.execute("set synchronous_commit = off")
        for turn, first in enumerate(range(0, rows, _TRANSACTION), 1):
            await connection.execute(_FILL, _BEGAN, first, epoch)
            if turn % _SEAL == 0:
                await seal(connection, epoch, _BEGAN + timedelta(seconds=turn))
        await seal(connection, epoch, _BEGAN + timedelta(days=30))
        await connection.execute("vacuum analyze audit")
    finally:
        await connection.close()


async def _verified(url: str) -> Figure:
    async with alone(url) as connection:
        began = time.perf_counter()
        verdict = await verify(connection)
        took = time.perf_counter() - began
    note = f"{verdict.rows:,} rows, {verdict.seals:,} seals" + (", BROKEN" if verdict.broken else "")
    return Figure("audit: rows verified a second", verdict.rows / took, "rows/s", ROWS_ASKED, note=note)
