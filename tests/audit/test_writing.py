"""Events are written as they are: one, many, or inside the statement that does what they tell of."""

import asyncpg
import pytest

from app.audit.writing import columns, statement, values, write
from tests.audit.conftest import NOW, event


@pytest.mark.parametrize("number", [1, 2, 50])
async def test_what_is_written_is_what_was_given(connection: asyncpg.Connection, epoch: int, number: int) -> None:
    events = [event(index) for index in range(number)]
    await write(connection, events, epoch)
    rows = await connection.fetch(f"select {', '.join(columns)} from audit order by id")
    assert [tuple(row) for row in rows] == [values(item) for item in events]


async def test_lists_may_be_empty_or_long(connection: asyncpg.Connection, epoch: int) -> None:
    many = [f"p{index}" for index in range(1000)]
    await write(connection, [event(1, people=[], records=[]), event(2, people=many, records=many)], epoch)
    rows = await connection.fetch("select people, records from audit order by id")
    assert [tuple(row) for row in rows] == [([], []), (many, many)]


async def test_what_is_no_text_is_written_all_the_same(connection: asyncpg.Connection, epoch: int) -> None:
    strange = event(1, path="/fhir/\0\ud800é", people=["a\0b"])
    for events in ([strange], [strange, strange]):
        await write(connection, events, epoch)
    rows = await connection.fetch("select path, people from audit")
    assert {(row["path"], *row["people"]) for row in rows} == {("/fhir/\ufffd?é", "a\ufffdb")}


async def test_a_row_carries_the_transaction_that_wrote_it(connection: asyncpg.Connection, epoch: int) -> None:
    async with connection.transaction():
        await write(connection, [event(1), event(2)], epoch)
        own = await connection.fetchval("select pg_current_xact_id()::text::bigint")
    assert {row["tx"] for row in await connection.fetch("select tx from audit")} == {epoch + own}


async def test_an_event_goes_into_the_statement_that_does_what_it_tells_of(
    connection: asyncpg.Connection, epoch: int
) -> None:
    insert = "insert into claim (system, value, holder) values ($1, 'v', 'h')"
    await connection.execute(f"with told as ({statement(3, '$2')}) {insert}", "s", epoch, *values(event(1)))
    assert await connection.fetchval("select count(*) from audit, claim") == 1


async def test_nothing_to_write_is_no_statement(connection: asyncpg.Connection, epoch: int) -> None:
    await write(connection, [], epoch)
    assert await connection.fetchval("select count(*) from audit") == 0


async def test_months_are_made_ahead_and_take_what_waited_in_the_rest(
    connection: asyncpg.Connection, epoch: int
) -> None:
    await write(connection, [event(1, at=NOW.replace(year=2019)), event(2, at=NOW.replace(year=2018))], epoch)
    await connection.execute("select audit_month('2019-11-05')")
    await connection.execute("select audit_month('2019-11-30')")
    assert await connection.fetchval("select count(*) from audit_2019_11") == 1
    assert await connection.fetchval("select count(*) from audit_rest") == 1
    await connection.execute("select audit_months(5)")
    await connection.execute("select audit_months(5)")
    ahead = "select count(*) from pg_inherits where inhparent = 'audit'::regclass"
    assert await connection.fetchval(ahead) == 1 + 1 + 6


async def test_a_month_is_made_beside_writers(database: str, connection: asyncpg.Connection, epoch: int) -> None:
    other = await asyncpg.connect(database)
    async with connection.transaction():
        await write(connection, [event(1)], epoch)
        await other.execute("select audit_month('2031-01-01')")
        await write(connection, [event(2)], epoch)
    await other.close()
