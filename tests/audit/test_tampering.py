"""Of a thousand random tamperings with the audit a thousand are found, and the first broken seal is named."""

import random
from collections import Counter
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from app.audit.seal import Seal
from app.audit.verify import verify
from app.audit.writing import columns
from tests.audit.sealed import sealed

ROUNDS = 1000
ROW_COLUMNS = ("id", "tx", *columns)
SEAL_COLUMNS = ("number", "at", "form", "low", "high", "running", "rows", "total", "digest", "hash")
OTHER = {
    "at": "at + interval '1 microsecond'",
    "records": "array_append(records, 'Patient/x')",
    "people": "case when cardinality(people) > 0 then '{}' else '{x}'::text[] end",
    "results": "coalesce(results + 1, 0)",
    "running": "array_append(running, low)",
    "digest": "sha256(digest)",
    "hash": "sha256(hash)",
    **{name: f"{name} + 1" for name in ("id", "tx", "part", "status", "form", "low", "high", "rows", "total")},
    "number": "number + 1000000",
}
Tampering = Callable[[asyncpg.Connection, random.Random], Awaitable[None]]


async def row(connection: asyncpg.Connection, draw: random.Random, number: int = 1) -> list[asyncpg.Record]:
    rows = await connection.fetch("select at, id, tx from audit order by tx, id")
    return draw.sample(rows, number)


async def edit(connection: asyncpg.Connection, draw: random.Random) -> None:
    (one,) = await row(connection, draw)
    name = draw.choice(ROW_COLUMNS)
    change = OTHER.get(name, f"{name} || 'x'")
    # An id is taken: the row gets one that no other has.
    change = "100000000" if name == "id" else change
    assert await connection.execute(f"update audit set {name} = {change} where id = $1", one["id"]) == "UPDATE 1"


async def move_far(connection: asyncpg.Connection, draw: random.Random) -> None:
    (one,) = await row(connection, draw)
    change = draw.choice(["at = at + interval '1 month'", "tx = tx + 1000000", "tx = 1", "tx = tx + (1::bigint << 48)"])
    await connection.execute(f"update audit set {change} where id = $1", one["id"])


async def delete(connection: asyncpg.Connection, draw: random.Random) -> None:
    rows = await row(connection, draw, draw.choice([1, 1, 5]))
    await connection.execute("delete from audit where id = any($1)", [one["id"] for one in rows])


async def delete_a_run(connection: asyncpg.Connection, draw: random.Random) -> None:
    (one,) = await row(connection, draw)
    await connection.execute("delete from audit where tx = $1", one["tx"])


async def swap(connection: asyncpg.Connection, draw: random.Random) -> None:
    """Swap columns of two rows that differ in them."""
    one, other = await row(connection, draw, 2)
    names = draw.choice([("id",), ("tx",), ("at",), ("at", "id"), ("tx", "id"), ("id", "tx", "at")])
    if all(one[name] == other[name] for name in names):
        names = ("id",)
    sets = ", ".join(f"{name} = ${index + 2}" for index, name in enumerate(names))
    await connection.execute("update audit set id = -1 where id = $1", one["id"])
    await connection.execute(f"update audit set {sets} where id = $1", other["id"], *(one[name] for name in names))
    back = {"id": one["id"], **{name: other[name] for name in names}}
    sets = ", ".join(f"{name} = ${index + 1}" for index, name in enumerate(back))
    await connection.execute(f"update audit set {sets} where id = -1", *back.values())


async def insert(connection: asyncpg.Connection, draw: random.Random) -> None:
    """Put in a copy of a row, with an id of its own and a transaction of the sealed region."""
    one, other = await row(connection, draw, 2)
    listed = ", ".join(name for name in ROW_COLUMNS if name not in ("id", "tx"))
    tx = draw.choice([one["tx"], other["tx"]])
    query = f"insert into audit (id, tx, {listed}) select $2, $3, {listed} from audit where id = $1"
    await connection.execute(query, one["id"], draw.choice([0, 10**8]), tx)


async def edit_seal(connection: asyncpg.Connection, draw: random.Random) -> None:
    number = await a_seal(connection, draw)
    name = draw.choice(SEAL_COLUMNS)
    await connection.execute(f"update audit_seal set {name} = {OTHER[name]} where number = $1", number)


async def delete_seal(connection: asyncpg.Connection, draw: random.Random) -> None:
    await connection.execute("delete from audit_seal where number = $1", await a_seal(connection, draw))


async def delete_seal_and_close_the_gap(connection: asyncpg.Connection, draw: random.Random) -> None:
    number = await a_seal(connection, draw)
    await connection.execute("delete from audit_seal where number = $1", number)
    await connection.execute("update audit_seal set number = -number where number > $1", number)
    await connection.execute("update audit_seal set number = -number - 1 where number < 0")


async def insert_seal(connection: asyncpg.Connection, draw: random.Random) -> None:
    number = await a_seal(connection, draw)
    await connection.execute("update audit_seal set number = -number where number > $1", number)
    await connection.execute("update audit_seal set number = -number + 1 where number < 0")
    rest = ", ".join(SEAL_COLUMNS[1:])
    query = f"insert into audit_seal (number, {rest}) select number + 1, {rest} from audit_seal where number = $1"
    await connection.execute(query, number)


async def swap_seals(connection: asyncpg.Connection, draw: random.Random) -> None:
    one, other = draw.sample(range(1, await last(connection) + 1), 2)
    for old, new in ((one, -1), (other, one), (-1, other)):
        await connection.execute("update audit_seal set number = $2 where number = $1", old, new)


async def cut_tail(connection: asyncpg.Connection, draw: random.Random) -> None:
    """Delete the last seals and all their rows: only an anchor knows."""
    number = await a_seal(connection, draw)
    high = await connection.fetchval("select high from audit_seal where number = $1", number - 1) or 0
    await connection.execute("delete from audit_seal where number >= $1", number)
    await connection.execute("delete from audit where tx >= $1", high)


async def empty(connection: asyncpg.Connection, draw: random.Random) -> None:
    await connection.execute("truncate audit, audit_seal")


async def last(connection: asyncpg.Connection) -> int:
    return await connection.fetchval("select max(number) from audit_seal")


async def a_seal(connection: asyncpg.Connection, draw: random.Random) -> int:
    return draw.randrange(1, await last(connection) + 1)


TAMPERINGS: dict[Tampering, int] = {
    edit: 12,
    move_far: 3,
    delete: 4,
    delete_a_run: 2,
    swap: 6,
    insert: 4,
    edit_seal: 6,
    delete_seal: 3,
    delete_seal_and_close_the_gap: 2,
    insert_seal: 2,
    swap_seals: 3,
    cut_tail: 3,
    empty: 1,
}


@pytest.fixture(scope="module")
async def filled(new_database: Callable[[], Awaitable[str]]) -> tuple[str, list[Seal]]:
    url = await new_database()
    connection = await asyncpg.connect(url)
    seals = await sealed(url, connection, 1 << 48, 60)
    await connection.close()
    return url, seals


async def test_a_thousand_tamperings_are_found(filled: tuple[str, list[Seal]]) -> None:
    url, seals = filled
    connection = await asyncpg.connect(url)
    anchors = {seals[-1].number: seals[-1].hash}
    draw, found, tried = random.Random(20261122), 0, Counter[str]()
    missed = []
    for number in range(ROUNDS):
        (tamper,) = draw.choices(list(TAMPERINGS), list(TAMPERINGS.values()))
        transaction = connection.transaction(isolation="repeatable_read")
        await transaction.start()
        await tamper(connection, draw)
        broken = (await verify(connection, anchors=anchors)).broken
        await transaction.rollback()
        tried[tamper.__name__] += 1
        found += broken is not None
        if broken is None:
            missed.append((number, tamper.__name__))
    assert (found, missed) == (ROUNDS, [])
    assert len(tried) == len(TAMPERINGS)
    assert (await verify(connection, anchors=anchors)).broken is None
    await connection.close()


@pytest.mark.parametrize("number", [1, 7, 20])
async def test_the_first_broken_seal_is_named_with_its_time(filled: tuple[str, list[Seal]], number: int) -> None:
    url, seals = filled
    connection = await asyncpg.connect(url)
    one, before = seals[number - 1], seals[number - 2] if number > 1 else None
    low, late = before.high if before else 0, set(one.running) or {0}
    cases = [
        ("rows", f"delete from audit where tx >= {low} and tx < {one.high} and tx <> all('{late}')"),
        ("seal", f"update audit_seal set rows = rows + 1 where number = {number}"),
        ("missing", f"delete from audit_seal where number = {number}"),
    ]
    for kind, change in cases:
        transaction = connection.transaction(isolation="repeatable_read")
        await transaction.start()
        await connection.execute(change)
        broken = (await verify(connection)).broken
        await transaction.rollback()
        assert broken is not None
        assert (broken.kind, broken.number, broken.since) == (kind, number, before.at if before else None)
        assert broken.until is not None
    await connection.close()


async def test_a_chain_made_anew_is_another_than_the_anchor(filled: tuple[str, list[Seal]]) -> None:
    url, seals = filled
    connection = await asyncpg.connect(url)
    broken = (await verify(connection, anchors={3: bytes(32), 5: seals[4].hash})).broken
    assert broken is not None
    assert (broken.kind, broken.number) == ("anchor", 3)
    broken = (await verify(connection, anchors={len(seals) + 5: bytes(32)})).broken
    assert broken is not None
    assert (broken.kind, broken.number) == ("tail", len(seals) + 5)
    await connection.close()
