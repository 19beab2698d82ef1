"""Transactions commit in another order than they begin; an answer given for a moment stays as it was all the same."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import NamedTuple

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BadParameter
from app.indicators.rollup import fold
from app.store.moment import find, take
from tests.properties.histories import patients
from tests.properties.oracle import count
from tests.properties.world import Kept, World, edges, require_same
from tests.properties.writers import Writer

DAY = date(2026, 1, 1)
PEOPLE = ("a", "b", "c")


class Event(NamedTuple):
    what: str
    writer: int = 0
    record: dict | None = None


def events() -> st.SearchStrategy[list[Event]]:
    writes = st.builds(Event, st.just("write"), st.integers(0, 2), st.sampled_from(PEOPLE).flatmap(patients))
    ends = st.builds(Event, st.sampled_from(("commit", "commit", "roll back")), st.integers(0, 2))
    others = st.sampled_from((Event("ask"), Event("ask"), Event("take"), Event("fold")))
    return st.lists(writes | writes | ends | others, min_size=6, max_size=24)


@pytest.fixture(scope="module")
async def writers(world: World) -> AsyncIterator[list[Writer]]:
    connections = [await asyncpg.connect(world.url) for _ in range(4)]
    yield [Writer(world, connection) for connection in connections]
    for connection in connections:
        await connection.close()


@given(events=events())
async def test_an_answer_for_a_moment_never_changes(world: World, writers: list[Writer], events: list[Event]) -> None:
    await world.clear()
    try:
        for event in events:
            await happen(world, writers, event)
    finally:
        for writer in writers:
            await writer.roll_back()
    days = edges(world.records.values())
    await world.require_now(days)
    await world.require_no_difference()
    await world.require_kept(days[::5])


async def happen(world: World, writers: list[Writer], event: Event) -> None:
    writer = writers[event.writer]
    match event.what:
        case "write":
            held = set().union(*(other.persons for other in writers if other is not writer))
            # Two writers of one person wait for each other; here nobody may wait.
            if event.record and f"Patient/{event.record['id']}" not in held and not claims(event.record):
                await writer.write(event.record)
        case "commit":
            await writer.commit()
        case "roll back":
            await writer.roll_back()
        case "ask":
            await world.ask()
        case "take":
            await take(world.connection, world.epoch, always=True)
            at = await world.connection.fetchval("select max(at) from moment")
            world.kept.append(Kept("", at, dict(world.records)))
        case "fold":
            await fold(world.connection, world.epoch, least=1)


def claims(record: dict) -> bool:
    return any(item["system"].endswith("/national_id") for item in record.get("identifier", []))


async def test_a_recorded_moment_does_not_know_a_change_without_those_it_was_made_on(
    world: World, writers: list[Writer]
) -> None:
    """The later number commits first, a third is open: the moment between may not tear the two apart."""
    await world.clear()
    early, holder, bystander, late = writers
    for person in ("a", "b", "c", "d"):
        await late.write(resident(person, "female"))
    await late.commit()
    await holder.write(resident("b", "male"))
    waiting = asyncio.create_task(early.write(resident("a", "male"), resident("b", "other"), resident("c", "other")))
    await asyncio.sleep(0.2)
    await bystander.write(resident("d", "male"))
    await late.write(resident("c", "male"))
    await late.commit()
    await holder.commit()
    await waiting
    await early.commit()
    await take(world.connection, world.epoch, always=True)
    at = await world.connection.fetchval("select max(at) from moment")
    found = await world.counted(DAY, await find(world.connection, "", at, world.epoch))
    await bystander.roll_back()
    require_same(found, count(world.records, DAY), "while another writer is open")


async def test_a_moment_is_refused_until_it_is_over(world: World, writers: list[Writer]) -> None:
    """Below a number whose transaction is open, the answer could still change."""
    await world.clear()
    writer, other = writers[:2]
    await writer.write(resident("a", "male"))
    number = await writer.connection.fetchval("select pg_current_xact_id()::text::bigint")
    await other.write(resident("b", "male"))
    await other.commit()
    life = world.epoch >> 48
    open_still = (f"{life}-{number + 1}", f"{life}-{number}-{number + 2}-{number + 1}")
    for text in open_still:
        with pytest.raises(BadParameter):
            await find(world.connection, text, None, world.epoch)
    without = await find(world.connection, f"{life}-{number}-{number + 2}-{number}", None, world.epoch)
    before = await world.counted(DAY, without)
    await writer.commit()
    assert await world.counted(DAY, without) == before == Counter({("resident", "", "male"): 1})
    for text in open_still:
        await find(world.connection, text, None, world.epoch)


@pytest.mark.parametrize("text", ["", "1", "x-1", "1-", "1-2-3", "1-2-3-4.", "9999-1", "1-9-8-", "1-1 ", "-1-1", "१-१"])
async def test_what_names_no_moment_is_refused(world: World, text: str) -> None:
    with pytest.raises(BadParameter):
        await find(world.connection, text, None, world.epoch)


async def test_a_time_to_come_and_one_before_the_first_moment_are_refused(world: World) -> None:
    await take(world.connection, world.epoch, always=True)
    first = await world.connection.fetchval("select min(at) from moment")
    last = await world.connection.fetchval("select max(at) from moment")
    for time in (first - timedelta(microseconds=1), last + timedelta(days=1)):
        with pytest.raises(BadParameter):
            await find(world.connection, "", time, world.epoch)


async def test_a_time_between_two_moments_means_the_earlier(world: World) -> None:
    await world.clear()
    await take(world.connection, world.epoch, always=True)
    await take(world.connection, world.epoch, always=True)
    rows = await world.connection.fetch("select at from moment order by at desc limit 2")
    later, earlier = (row["at"] for row in rows)
    found = await find(world.connection, "", later - timedelta(microseconds=1), world.epoch)
    assert found.at == earlier


async def test_a_clock_that_was_set_back_does_not_put_a_moment_before_another(world: World) -> None:
    await take(world.connection, world.epoch, always=True)
    ahead = await world.connection.fetchval(
        "update moment set at = at + interval '1 hour' where at = (select max(at) from moment) returning at"
    )
    await take(world.connection, world.epoch, always=True)
    newest = await world.connection.fetchval("select at from moment order by tx desc limit 1")
    await world.connection.execute("delete from moment where at > clock_timestamp()")
    assert newest > ahead


def resident(person: str, sex: str) -> dict:
    return {"resourceType": "Patient", "id": person, "name": [{"text": "Lý Thị Mẫu"}], "gender": sex}
