"""After any history, every figure on any day equals a recount of the records that owes nothing to the service."""

import pytest
from hypothesis import given, settings

from tests.properties.histories import Step, histories
from tests.properties.world import World, edges


async def law(world: World, history: list[Step]) -> None:
    await world.clear()
    for step in history:
        await world.do(step)
    await world.require_now(edges(world.records.values()))
    await world.require_no_difference()


@given(history=histories())
async def test_ledger_spans_and_records_agree_after_any_history(world: World, history: list[Step]) -> None:
    await law(world, history)


@pytest.mark.slow
@settings(settings.get_profile("slow"))
@given(history=histories(longest=60))
async def test_ledger_spans_and_records_agree_after_long_histories(world: World, history: list[Step]) -> None:
    await law(world, history)
