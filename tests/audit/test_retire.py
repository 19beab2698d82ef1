"""Months that are given up: the chain still holds, what is left is still protected, and the audit tells of it."""

from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from app.audit.retire import months, oldest_kept, retire
from app.audit.retired import INTERACTION, retired
from app.audit.sealing import seal
from app.audit.verify import verify
from app.audit.writing import write
from app.errors import Conflict, Unavailable
from tests.audit.conftest import NOW, event

BY = event(0, people=[], records=[], interaction="audit", client="tramy", user="quan-tri")
END = datetime(2019, 11, 30, 23, 59, 50, tzinfo=UTC)


@pytest.fixture
async def old(database: str, connection: asyncpg.Connection, epoch: int) -> str:
    """The database with two old months, a seal over rows of both, and rows of one that were sealed much later."""
    for month in ("2019-11-01", "2019-12-01"):
        await connection.execute("select audit_month($1)", date.fromisoformat(month))
    slow = await asyncpg.connect(database)
    transaction = slow.transaction()
    await transaction.start()
    await write(slow, [event(0, at=END)], epoch)
    for turn in range(10):
        at = END + timedelta(seconds=2 * turn)
        events = [event(turn, at=at + timedelta(milliseconds=900 * index)) for index in range(3)]
        for one in events:
            await write(connection, [one], epoch)
        await seal(connection, epoch, at + timedelta(seconds=2))
    await transaction.commit()
    await slow.close()
    await write(connection, [event(99, at=END + timedelta(seconds=40))], epoch)
    await seal(connection, epoch, END + timedelta(seconds=41))
    await write(connection, [event(100)], epoch)
    await seal(connection, epoch, NOW)
    return database


async def test_what_is_old_enough_is_whole_months() -> None:
    assert oldest_kept(date(2026, 11, 22), 120) == date(2016, 11, 1)
    assert oldest_kept(date(2026, 1, 31), 12) == date(2025, 1, 1)
    assert oldest_kept(date(2026, 12, 1), 13) == date(2025, 11, 1)


async def test_months_are_given_up_and_the_chain_holds(old: str, connection: asyncpg.Connection, epoch: int) -> None:
    assert await months(connection, date(2020, 1, 1)) == [date(2019, 11, 1), date(2019, 12, 1)]
    whole = (await verify(connection)).rows
    for number, month in enumerate((date(2019, 11, 1), date(2019, 12, 1)), 1):
        done = await retire(connection, month, epoch, NOW + timedelta(minutes=number), BY)
        assert done.rows > 0
        assert (await verify(connection)).broken is None
        await seal(connection, epoch, NOW + timedelta(minutes=number))
        verdict = await verify(connection)
        assert verdict.broken is None
        assert verdict.rows == whole + number
    assert await months(connection, date(2020, 1, 1)) == []
    told = await connection.fetch("select user_id, detail from audit where interaction = $1 order by id", INTERACTION)
    assert [row["user_id"] for row in told] == ["quan-tri"] * 2
    assert told[0]["detail"].startswith("2019-11: ")
    first = (await retired(connection))[0]
    assert first.kept


@pytest.mark.parametrize(
    "change",
    [
        "update audit set detail = 'x' where at < '2019-12-01T00:00:05Z'",
        "delete from audit where id = (select min(id) from audit where at >= '2019-12-01Z')",
        "delete from audit where at < '2020-01-01' and at > '2019-12-01T00:00:20Z'",
        "update audit_retired set kept = '{}'",
        "update audit_retired set last = last + 1",
        "update audit_retired set month = '2018-01-01'",
        "insert into audit_retired select '2018-11-01', at, rows, 1, last, '{}' from audit_retired",
        "delete from audit_retired",
        "delete from audit where interaction = 'audit-retire'",
        "update audit set detail = 'x' where interaction = 'audit-retire'",
    ],
)
async def test_nothing_is_hidden_by_a_month_that_was_given_up(
    old: str, connection: asyncpg.Connection, epoch: int, change: str
) -> None:
    await retire(connection, date(2019, 11, 1), epoch, NOW, BY)
    await seal(connection, epoch, NOW)
    assert (await verify(connection)).broken is None
    assert not (await connection.execute(change)).endswith(" 0")
    assert (await verify(connection)).broken is not None


async def test_a_month_that_is_not_what_was_sealed_is_not_given_up(
    old: str, connection: asyncpg.Connection, epoch: int
) -> None:
    await connection.execute("update audit set detail = 'x' where id = (select min(id) from audit_2019_11)")
    with pytest.raises(Conflict):
        await retire(connection, date(2019, 11, 1), epoch, NOW, BY)
    assert await connection.fetchval("select count(*) from audit_2019_11") > 0


async def test_a_row_that_is_still_under_way_is_never_lost(
    old: str, connection: asyncpg.Connection, epoch: int
) -> None:
    other = await asyncpg.connect(old)
    async with other.transaction():
        await write(other, [event(5, at=END)], epoch)
        # Its writer holds the table, so the month stays, and nothing says that it went.
        with pytest.raises(Unavailable):
            await retire(connection, date(2019, 11, 1), epoch, NOW, BY)
        assert await retired(connection) == []
    await retire(connection, date(2019, 11, 1), epoch, NOW, BY)
    await seal(connection, epoch, NOW)
    assert (await verify(connection)).broken is None
    await other.close()


async def test_an_empty_month_goes_without_more(connection: asyncpg.Connection, epoch: int) -> None:
    await connection.execute("select audit_month('2019-01-01')")
    assert (await retire(connection, date(2019, 1, 1), epoch, NOW, BY)).rows == 0
    await seal(connection, epoch, NOW)
    assert (await verify(connection)).broken is None
