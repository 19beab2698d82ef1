"""Anchors: kept in a file, sent to syslog, posted to a listed host; a tail that was cut is found against them."""

import asyncio
import json
import socket
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from app.audit.anchor import line, put, read
from app.audit.seal import head
from app.audit.sealing import pending, seal
from app.audit.upkeep import Upkeep, anchor_now
from app.audit.verify import verify
from app.audit.writing import write
from app.errors import BadParameter, Misconfigured, Unavailable
from app.store.pool import open_pool
from tests.audit.conftest import NOW, event


async def chain(connection: asyncpg.Connection, epoch: int, first: int, number: int) -> None:
    for turn in range(first, first + number):
        await write(connection, [event(turn)], epoch)
        await seal(connection, epoch, NOW + timedelta(seconds=turn))


async def test_a_cut_tail_is_found_against_a_file_also_when_others_grew_since(
    connection: asyncpg.Connection, epoch: int, tmp_path: Path
) -> None:
    file = tmp_path / "anchors.txt"
    await chain(connection, epoch, 0, 3)
    await anchor_now(connection, str(file), ())
    await chain(connection, epoch, 3, 3)
    await anchor_now(connection, str(file), ())
    anchors = read(file)
    assert list(anchors) == [3, 6]
    assert (await verify(connection, anchors=anchors)).broken is None
    cut = await connection.fetchval("select high from audit_seal where number = 4")
    await connection.execute("delete from audit where tx >= $1", cut)
    await connection.execute("delete from audit_seal where number > 4")
    assert (await verify(connection)).broken is None
    assert (await verify(connection, anchors=anchors)).broken is not None
    await chain(connection, epoch, 9, 3)
    broken = (await verify(connection, anchors=anchors)).broken
    assert broken is not None
    assert (broken.kind, broken.number) == ("anchor", 6)


async def test_an_audit_without_seals_has_no_anchor(connection: asyncpg.Connection, epoch: int, tmp_path: Path) -> None:
    await anchor_now(connection, str(tmp_path / "anchors.txt"), ())
    assert not (tmp_path / "anchors.txt").exists()


async def test_lines_of_a_log_are_read_too(connection: asyncpg.Connection, epoch: int, tmp_path: Path) -> None:
    await chain(connection, epoch, 0, 2)
    last = await head(connection)
    log = tmp_path / "log"
    log.write_text(f"Nov 22 may-chu tramy-audit: {line(last)}\nNov 22 may-chu sshd: other\n", "utf-8")
    assert read(log) == {2: last.hash}


@pytest.mark.parametrize("text", ["", "nothing\n", '{"seal":1}\n', '{"seal":1,"hash":"zz"}\n', '{"seal":\n'])
def test_a_file_without_anchors_lets_nothing_pass(tmp_path: Path, text: str) -> None:
    file = tmp_path / "anchors.txt"
    file.write_text(text, "utf-8")
    with pytest.raises(BadParameter):
        read(file)
    with pytest.raises(BadParameter):
        read(tmp_path / "none.txt")


async def test_syslog_takes_an_anchor(connection: asyncpg.Connection, epoch: int) -> None:
    await chain(connection, epoch, 0, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        await put(f"syslog:127.0.0.1:{server.getsockname()[1]}", await head(connection), ())
        said = server.recv(4096).decode()
    assert line(await head(connection)) in said


async def test_an_anchor_goes_to_no_host_that_is_not_listed(connection: asyncpg.Connection, epoch: int) -> None:
    await chain(connection, epoch, 0, 1)
    last = await head(connection)
    for hosts in ((), ("other.example",), ("anchors.example.evil.example",)):
        with pytest.raises(Misconfigured):
            await put("https://anchors.example/x", last, hosts)
    with pytest.raises(Unavailable):
        await put("https://127.0.0.1:1/x", last, ("127.0.0.1",))


async def test_an_anchor_that_cannot_be_kept_is_said(
    connection: asyncpg.Connection, epoch: int, tmp_path: Path
) -> None:
    await chain(connection, epoch, 0, 1)
    with pytest.raises(Unavailable):
        await put(str(tmp_path / "no/such/folder"), await head(connection), ())


async def test_rows_are_sealed_within_a_second_and_anchored_at_the_end(
    database: str, connection: asyncpg.Connection, epoch: int, tmp_path: Path
) -> None:
    file = tmp_path / "anchors.txt"
    pool = await open_pool(database, size=2, statement_timeout=30)
    keeping = [Upkeep(pool, epoch, lambda: NOW, str(file)) for _ in range(2)]
    tasks = [asyncio.create_task(one.run()) for one in keeping]
    await write(connection, [event(1)], epoch)
    async with asyncio.timeout(1):
        while (await pending(connection)).rows:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await write(connection, [event(2)], epoch)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert (await pending(connection)).rows == 0
    last = await head(connection)
    assert json.loads(file.read_text("utf-8").splitlines()[-1])["hash"] == last.hash.hex()
    assert last.total == 2
    await pool.close()
