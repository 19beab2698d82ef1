"""Seals: each row is covered once, also of transactions that ended late; sealers and writers are in nobody's way."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import asyncpg

from app.audit.seal import after, head
from app.audit.sealing import pending, seal
from app.audit.verify import verify
from app.audit.writing import write
from tests.audit.conftest import NOW, event
from tests.audit.sealed import sealed

ROOT = Path(__file__).resolve().parents[2]


async def test_nothing_new_makes_no_seal(connection: asyncpg.Connection, epoch: int) -> None:
    assert await seal(connection, epoch, NOW) is None
    await write(connection, [event(1)], epoch)
    assert (await seal(connection, epoch, NOW)) is not None
    await connection.execute("insert into claim (system, value, holder) values ('s', 'v', 'h')")
    assert await seal(connection, epoch, NOW) is None


async def test_every_row_is_covered_once(database: str, connection: asyncpg.Connection, epoch: int) -> None:
    seals = await sealed(database, connection, epoch, 40)
    rows = await connection.fetchval("select count(*) from audit")
    assert sum(one.rows for one in seals) == seals[-1].total == rows
    assert any(one.running for one in seals)
    verdict = await verify(connection)
    assert (verdict.rows, verdict.seals, verdict.broken) == (rows, len(seals), None)
    assert verdict.head == seals[-1]


async def test_what_is_not_broken_is_never_reported(
    new_database: Callable[[], Awaitable[str]],
) -> None:
    for seed in range(8):
        url = await new_database()
        connection = await asyncpg.connect(url)
        seals = await sealed(url, connection, 1 << 48, 12, seed)
        for since in range(len(seals) + 1):
            assert (await verify(connection, since=since, anchors={1: seals[0].hash})).broken is None
        await connection.close()


async def test_a_transaction_that_ends_late_is_sealed_then(
    database: str, connection: asyncpg.Connection, epoch: int
) -> None:
    slow = await asyncpg.connect(database)
    transaction = slow.transaction()
    await transaction.start()
    await write(slow, [event(1)], epoch)
    await write(connection, [event(2)], epoch)
    first = await seal(connection, epoch, NOW)
    assert first is not None
    assert first.rows == 1
    assert len(first.running) == 1
    await write(connection, [event(3)], epoch)
    await seal(connection, epoch, NOW)
    await transaction.commit()
    assert (await pending(connection)).rows == 1
    third = await seal(connection, epoch, NOW)
    assert third is not None
    assert third.rows == 1
    assert (await pending(connection)).rows == 0
    assert (await verify(connection)).broken is None
    await slow.close()


async def test_a_sealer_waits_for_no_writer_and_no_writer_for_a_sealer(
    database: str, connection: asyncpg.Connection, epoch: int
) -> None:
    other = await asyncpg.connect(database)
    async with connection.transaction():
        await write(connection, [event(1)], epoch)
        async with other.transaction():
            await write(other, [event(2)], epoch)
        # A seal that is under way holds the lock until its transaction ends.
        async with asyncio.timeout(5):
            async with other.transaction():
                made = await seal(other, epoch, NOW)
                await write(connection, [event(3)], epoch)
    assert made is not None
    assert made.rows == 1
    await other.close()


async def test_of_two_sealers_at_once_one_does_it(database: str, connection: asyncpg.Connection, epoch: int) -> None:
    others = [await asyncpg.connect(database) for _ in range(4)]
    for turn in range(30):
        await write(connection, [event(turn)], epoch)
        await asyncio.gather(*(seal(other, epoch, NOW) for other in others))
    await seal(connection, epoch, NOW)
    verdict = await verify(connection)
    assert (verdict.rows, verdict.broken) == (30, None)
    for other in others:
        await other.close()


async def test_verify_finds_nothing_while_others_write_and_seal(
    database: str, connection: asyncpg.Connection, epoch: int
) -> None:
    stop = asyncio.Event()

    async def writing(number: int) -> None:
        other = await asyncpg.connect(database)
        while not stop.is_set():
            async with other.transaction():
                await write(other, [event(number)], epoch)
                await write(other, [event(number), event(number)], epoch)
            if number == 0:
                await seal(other, epoch, NOW)
        await other.close()

    tasks = [asyncio.create_task(writing(number)) for number in range(4)]
    verdicts = [await verify(connection)]
    async with asyncio.timeout(60):
        while len(verdicts) < 60 or verdicts[-1].seals < 20:
            verdicts.append(await verify(connection))
    stop.set()
    await asyncio.gather(*tasks)
    assert [verdict.broken for verdict in verdicts if verdict.broken] == []


async def test_a_clock_that_is_set_back_sets_no_seal_back(connection: asyncpg.Connection, epoch: int) -> None:
    for hours in (0, -3):
        await write(connection, [event(hours)], epoch)
        await seal(connection, epoch, NOW + timedelta(hours=hours))
    assert [one.at for one in await after(connection, 0, 9)] == [NOW, NOW]


async def test_restored_data_are_sealed_on(database: str, connection: asyncpg.Connection, epoch: int) -> None:
    """In another cluster transaction numbers begin again, behind a higher epoch."""
    await sealed(database, connection, epoch, 6)
    before = await head(connection)
    await write(connection, [event(1)], epoch)
    await sealed(database, connection, epoch + (1 << 48), 6, seed=2)
    verdict = await verify(connection)
    assert verdict.broken is None
    assert verdict.head.low >> 48 == 2
    assert verdict.head.number > before.number
    assert verdict.rows == await connection.fetchval("select count(*) from audit")


def started(program: str, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", program, *arguments], cwd=ROOT, stdout=subprocess.PIPE)


async def test_a_sealer_that_is_killed_leaves_nothing_half_done(
    database: str, connection: asyncpg.Connection, epoch: int
) -> None:
    program = (
        "import asyncio, asyncpg, sys\n"
        "from datetime import UTC, datetime\n"
        "from app.audit.sealing import seal\n"
        "async def main():\n"
        "    connection = await asyncpg.connect(sys.argv[1])\n"
        "    while True:\n"
        "        if await seal(connection, int(sys.argv[2]), datetime.now(UTC)):\n"
        "            print('sealed', flush=True)\n"
        "asyncio.run(main())\n"
    )
    written = 0
    for _ in range(5):
        child = started(program, database, str(epoch))
        assert child.stdout is not None
        os.set_blocking(child.stdout.fileno(), False)
        said = b""
        while said.count(b"sealed") < 5:
            await write(connection, [event(written + index) for index in range(20)], epoch)
            written += 20
            said += child.stdout.read() or b""
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
    while await connection.fetchval("select count(*) from pg_locks where locktype = 'advisory'"):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await seal(connection, epoch, NOW + timedelta(days=3650))
    verdict = await verify(connection)
    assert (verdict.rows, verdict.broken) == (written, None)
    assert verdict.seals >= 25
