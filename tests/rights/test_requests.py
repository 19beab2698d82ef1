"""Requests of citizens: their clocks, and restrictions of processing."""

from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from app.access.rights.clocks import after_working_days, due, is_working
from app.access.rights.request import add_request, close_request, late, open_requests, reply_request, requests
from app.access.rights.restriction import HIDES, lift, restrict, restrictions
from app.errors import BadParameter, NotFound
from tests.rights.conftest import NOW, STATION, ZONE


@pytest.mark.parametrize(
    ("kind", "reply", "done"),
    [
        ("access", date(2026, 11, 24), date(2026, 11, 30)),
        ("correct", date(2026, 11, 24), date(2026, 11, 30)),
        ("withdraw", date(2026, 11, 24), date(2026, 12, 5)),
        ("restrict", date(2026, 11, 24), date(2026, 12, 5)),
        ("object", date(2026, 11, 24), date(2026, 12, 5)),
        ("erase", date(2026, 11, 24), date(2026, 12, 10)),
    ],
)
async def test_a_request_of_a_friday_is_due_as_the_decree_says(
    connection: asyncpg.Connection, kind: str, reply: date, done: date
) -> None:
    await add_request(connection, STATION, "mau-1", kind, NOW, ZONE)
    [row] = await open_requests(connection)
    assert (row["reply_due"], row["due"]) == (reply, done)


async def test_the_day_a_request_came_is_a_day_in_viet_nam(connection: asyncpg.Connection) -> None:
    await add_request(connection, STATION, "mau-1", "access", datetime(2026, 11, 19, 18, tzinfo=UTC), ZONE)
    assert (await open_requests(connection))[0]["due"] == date(2026, 11, 30)


@pytest.mark.parametrize(
    ("day", "count", "end"),
    [
        (date(2026, 11, 16), 2, date(2026, 11, 18)),
        (date(2026, 11, 21), 2, date(2026, 11, 24)),
        (date(2026, 2, 13), 2, date(2026, 2, 24)),
        (date(2027, 8, 31), 2, date(2027, 9, 3)),
    ],
)
def test_weekends_and_public_holidays_are_no_working_days(day: date, count: int, end: date) -> None:
    assert after_working_days(day, count) == end
    assert is_working(end)


@pytest.mark.parametrize("kind", ["", "forget", "ACCESS"])
def test_a_request_without_a_clock_is_refused(kind: str) -> None:
    with pytest.raises(BadParameter):
        due(kind, date(2026, 11, 20))


def test_no_clock_runs_before_its_decree() -> None:
    with pytest.raises(BadParameter):
        due("access", date(2025, 12, 31))


async def test_the_most_urgent_request_comes_first_and_closed_ones_not(connection: asyncpg.Connection) -> None:
    made = {
        kind: await add_request(connection, STATION, "mau-1", kind, NOW, ZONE)
        for kind in ("erase", "access", "restrict")
    }
    assert [row["kind"] for row in await open_requests(connection)] == ["access", "restrict", "erase"]
    await close_request(connection, STATION, made["access"], "refused", "TT 33/2025/TT-BYT", NOW)
    assert [row["kind"] for row in await open_requests(connection)] == ["restrict", "erase"]
    assert len(await requests(connection, ["mau-1"])) == 3


async def test_a_request_is_late_without_a_reply_and_later_without_the_deed(connection: asyncpg.Connection) -> None:
    made = await add_request(connection, STATION, "mau-1", "access", NOW, ZONE)
    days = [date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 30), date(2026, 12, 1)]
    [row] = await open_requests(connection)
    assert [late(row, day) for day in days] == [False, True, True, True]
    await reply_request(connection, STATION, made, NOW)
    [row] = await open_requests(connection)
    assert [late(row, day) for day in days] == [False, False, False, True]
    await close_request(connection, STATION, made, "done", "", NOW)
    assert not any(late(row, days[3]) for row in await requests(connection, ["mau-1"]))


async def test_a_closed_request_is_neither_replied_to_nor_closed_again(connection: asyncpg.Connection) -> None:
    made = await add_request(connection, STATION, "mau-1", "access", NOW, ZONE)
    await close_request(connection, STATION, made, "done", "", NOW)
    with pytest.raises(NotFound):
        await close_request(connection, STATION, made, "refused", "", NOW)
    with pytest.raises(NotFound):
        await reply_request(connection, STATION, made, NOW)


@pytest.mark.parametrize(("outcome", "note"), [("forgotten", ""), ("done", "x" * 501)])
async def test_an_unknown_outcome_or_a_novel_is_refused(
    connection: asyncpg.Connection, outcome: str, note: str
) -> None:
    made = await add_request(connection, STATION, "mau-1", "access", NOW, ZONE)
    with pytest.raises(BadParameter):
        await close_request(connection, STATION, made, outcome, note, NOW)


async def hidden(connection: asyncpg.Connection) -> set[str]:
    """Return whom restrictions hide now."""
    return {row["patient_id"] for row in await connection.fetch(f"select patient_id from restriction where {HIDES}")}


async def test_a_restriction_hides_from_its_first_moment_until_it_is_lifted(connection: asyncpg.Connection) -> None:
    now = datetime.now(UTC)
    await restrict(connection, STATION, "mau-1", "disputed", now)
    await restrict(connection, STATION, "mau-2", "legal-hold", now)
    assert await hidden(connection) == {"mau-1"}
    assert await lift(connection, STATION, "mau-1", datetime.now(UTC)) == 1
    assert await hidden(connection) == set()
    [row] = await restrictions(connection, ["mau-1"])
    assert (row["recorded_by"], row["lifted_by"]) == ("tram-1/bac-si-1", "tram-1/bac-si-1")


async def test_a_restriction_with_an_end_ends_by_itself(connection: asyncpg.Connection) -> None:
    past = datetime.now(UTC) - timedelta(days=2)
    await restrict(connection, STATION, "mau-1", "requested", past, past + timedelta(days=1))
    assert await hidden(connection) == set()


async def test_what_is_not_restricted_is_not_lifted(connection: asyncpg.Connection) -> None:
    with pytest.raises(NotFound):
        await lift(connection, STATION, "mau-1", NOW)


@pytest.mark.parametrize(("reason", "days"), [("whim", 1), ("requested", 0), ("requested", -1)])
async def test_a_restriction_needs_a_known_reason_and_an_end_to_come(
    connection: asyncpg.Connection, reason: str, days: int
) -> None:
    with pytest.raises(BadParameter):
        await restrict(connection, STATION, "mau-1", reason, NOW, NOW + timedelta(days=days))
