"""Data restored into another cluster begin a new epoch: old moments answer as before, new rows come after them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date

import asyncpg
import pytest
from hypothesis import given, settings

from app.store.moment import EPOCH_SHIFT, find
from tests.conftest import opened
from tests.properties.histories import Step, histories
from tests.properties.world import World, edges

DAY = date(2026, 1, 1)


@pytest.fixture(scope="module")
async def address(new_database: Callable[[], Awaitable[str]]) -> str:
    return await new_database()


@asynccontextmanager
async def life(address: str) -> AsyncIterator[World]:
    connection = await asyncpg.connect(address)
    async with opened(address) as (app, client):
        yield World(address, app, client, connection)
    await connection.close()


@settings(max_examples=5)
@given(before=histories(longest=8), after=histories(longest=8))
async def test_moments_outlive_the_cluster_they_were_taken_in(
    address: str, before: list[Step], after: list[Step]
) -> None:
    async with life(address) as first:
        await first.clear()
        for step in [*before, Step("take"), Step("ask")]:
            await first.do(step)
        await first.connection.execute("update epoch set cluster = 'another/1'")
    async with life(address) as second:
        assert second.epoch >> EPOCH_SHIFT == (first.epoch >> EPOCH_SHIFT) + 1
        second.records, second.kept = first.records, first.kept
        old = await second.connection.fetchval("select max(tx) from ledger")
        for step in [*after, Step("fold"), Step("take"), Step("ask")]:
            await second.do(step)
        assert old is None or old < second.epoch
        days = edges(second.records.values())
        await second.require_now(days)
        await second.require_kept(days[::9])
        await second.require_no_difference()
        texts = [kept.text for kept in second.kept if kept.text]
        moments = [await find(second.connection, text, None, second.epoch) for text in texts]
        assert moments == sorted(moments, key=lambda moment: moment.low)


async def test_the_same_cluster_goes_on_in_the_same_epoch(address: str) -> None:
    async with life(address) as first, life(address) as second:
        assert first.epoch == second.epoch
