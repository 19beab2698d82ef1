"""Break-glass and notices: who may, for how long, who is told, and what the answer gives away."""

from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from app.access.caller import Caller
from app.access.rights.emergency import LASTS, emergencies, open_emergency
from app.access.rights.notice import Mark, mark_read, notices, notify
from app.access.scope import read_scopes
from app.errors import BadParameter, Forbidden
from tests.rights.conftest import NOW, STATION, reach

DOCTOR = Caller("benh-vien", "Organization/bv-1", user="bac-si-2", grants=read_scopes("system/*.rs tramy/break-glass"))
REASON = "Cấp cứu, người bệnh hôn mê"
COMMUNE, STATION_ORGANIZATION = "00004@2025-07", "Organization/tyt-1"


async def holders(connection: asyncpg.Connection, at: object = NOW) -> set[str]:
    """Return by whom mau-1 is seen at a time."""
    rows = await connection.fetch("select holder from reach where patient_id = 'mau-1' and until > $1", at)
    return {row["holder"] for row in rows}


async def test_a_reason_opens_one_person_for_four_hours(connection: asyncpg.Connection) -> None:
    assert await open_emergency(connection, DOCTOR, "mau-1", REASON, NOW) == NOW + LASTS
    assert await holders(connection) == {DOCTOR.emergency_holder}
    assert await holders(connection, NOW + LASTS) == set()
    assert await connection.fetchval("select count(*) from reach") == 1


async def test_it_opens_to_the_one_who_stated_the_reason_and_to_no_colleague() -> None:
    others = [replace(DOCTOR, user="bac-si-3"), replace(DOCTOR, user=""), replace(DOCTOR, client="khac")]
    assert DOCTOR.emergency_holder not in {item.emergency_holder for item in others}
    assert Caller("a", user="b/c").emergency_holder != Caller("a/b", user="c").emergency_holder
    assert " " not in Caller("a b", user="c d").emergency_holder


@pytest.mark.parametrize("reason", ["", "x" * 9, " " * 40, "x" * 501, "Cấp cứu\0 hôn mê", "Cấp cứu \x1b[2J hôn mê"])
async def test_without_a_readable_reason_nothing_opens(connection: asyncpg.Connection, reason: str) -> None:
    with pytest.raises(BadParameter):
        await open_emergency(connection, DOCTOR, "mau-1", reason, NOW)
    assert await holders(connection) == set()


async def test_a_reason_is_kept_on_one_line(connection: asyncpg.Connection) -> None:
    await open_emergency(connection, DOCTOR, "mau-1", "Cấp cứu,\r\nhôn mê sâu", NOW)
    assert await connection.fetchval("select reason from emergency") == "Cấp cứu, hôn mê sâu"


async def test_without_the_scope_nothing_opens(connection: asyncpg.Connection) -> None:
    with pytest.raises(Forbidden):
        await open_emergency(connection, STATION, "mau-1", REASON, NOW)
    assert await holders(connection) == set()


async def test_a_standing_emergency_is_not_prolonged_nor_told_again(connection: asyncpg.Connection) -> None:
    await reach(connection, "mau-1", COMMUNE)
    first = await open_emergency(connection, DOCTOR, "mau-1", REASON, NOW)
    assert await open_emergency(connection, DOCTOR, "mau-1", REASON, NOW + timedelta(hours=3)) == first
    assert len(await notices(connection, [COMMUNE], 9)) == 1
    later = NOW + timedelta(hours=5)
    assert await open_emergency(connection, DOCTOR, "mau-1", REASON, later) == later + LASTS
    assert await holders(connection, later) == {DOCTOR.emergency_holder, COMMUNE}


async def test_the_persons_stations_are_told_and_the_auditor_has_the_list(connection: asyncpg.Connection) -> None:
    await reach(connection, "mau-1", COMMUNE, STATION_ORGANIZATION)
    await open_emergency(connection, DOCTOR, "mau-1", REASON, NOW)
    told = await notices(connection, [COMMUNE, STATION_ORGANIZATION], 9)
    assert {row["holder"] for row in told} == {COMMUNE, STATION_ORGANIZATION}
    assert {(row["kind"], row["by_organization"]) for row in told} == {("emergency", "Organization/bv-1")}
    [row] = await emergencies(connection, NOW, NOW + timedelta(hours=1))
    assert (row["client"], row["user_id"], row["patient_id"], row["reason"]) == (
        "benh-vien",
        "bac-si-2",
        "mau-1",
        REASON,
    )
    assert await emergencies(connection, NOW + timedelta(seconds=1), NOW + timedelta(hours=1)) == []


async def test_a_person_who_is_not_held_gives_the_same_answer(connection: asyncpg.Connection) -> None:
    await reach(connection, "mau-1", COMMUNE)
    assert await open_emergency(connection, DOCTOR, "mau-1", REASON, NOW) == await open_emergency(
        connection, DOCTOR, "nobody", REASON, NOW
    )


async def test_the_newcomer_and_emergencies_of_others_are_told_nothing(connection: asyncpg.Connection) -> None:
    await reach(connection, "mau-1", COMMUNE, "Organization/bv-1", DOCTOR.emergency_holder)
    assert await notify(connection, "mau-1", "admitted", DOCTOR, NOW) == 1
    assert [row["holder"] for row in await connection.fetch("select holder from notice")] == [COMMUNE]


async def test_pages_of_notices_follow_each_other_without_gap(connection: asyncpg.Connection) -> None:
    await reach(connection, "mau-1", COMMUNE)
    for minute in range(5):
        # Two notices of the same time stand in a firm order.
        for _ in range(2):
            await notify(connection, "mau-1", "admitted", DOCTOR, NOW + timedelta(minutes=minute))
    every = [row["id"] for row in await notices(connection, [COMMUNE], 99)]
    seen, mark = [], None
    while page := await notices(connection, [COMMUNE], 3, mark):
        seen += [row["id"] for row in page]
        mark = Mark(page[-1]["at"], page[-1]["id"])
    assert seen == every
    assert len(every) == 10


async def test_a_notice_is_read_by_those_it_is_for_and_its_first_time_stays(connection: asyncpg.Connection) -> None:
    await reach(connection, "mau-1", COMMUNE)
    await notify(connection, "mau-1", "admitted", DOCTOR, NOW)
    [row] = await notices(connection, [COMMUNE], 9, unread=True)
    assert not await mark_read(connection, ["Organization/bv-1"], row["id"], NOW)
    assert not await mark_read(connection, [], row["id"], NOW)
    assert await mark_read(connection, [COMMUNE], row["id"], NOW)
    assert await mark_read(connection, [COMMUNE], row["id"], NOW + timedelta(days=1))
    assert await notices(connection, [COMMUNE], 9, unread=True) == []
    [row] = await notices(connection, [COMMUNE], 9)
    assert row["read_at"] == NOW
