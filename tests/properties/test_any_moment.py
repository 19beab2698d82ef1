"""What was known at a moment stays what was known: an answer named by its moment or its time never changes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.figures import CODES, Question, ask, counted, pair, questions, require
from tests.properties.histories import Step, histories
from tests.properties.world import World, edges


async def law(world: World, history: list[Step], choice: int) -> None:
    await world.clear()
    every = []
    for step in history:
        await world.do(step)
        every += world.records.values()
    days = edges(every)
    # The days are many: those that are asked for are spread over all.
    await world.require_kept(days[choice % 7 :: 7])


@given(history=histories(longest=20), choice=st.integers(0, 1000))
async def test_each_moment_answers_as_it_was_known_then(world: World, history: list[Step], choice: int) -> None:
    await law(world, history, choice)


@pytest.mark.slow
@settings(settings.get_profile("slow"), max_examples=200)
@given(history=histories(longest=60), choice=st.integers(0, 1000))
async def test_each_moment_of_long_histories_answers_as_it_was_known_then(
    world: World, history: list[Step], choice: int
) -> None:
    await law(world, history, choice)


@given(
    history=histories(longest=10), later=histories(longest=10), code=st.sampled_from(CODES), choice=st.integers(0, 99)
)
async def test_places_answer_as_known_then_whatever_was_rolled_up_since(
    world: World, history: list[Step], later: list[Step], code: str, choice: int
) -> None:
    await world.clear()
    for step in history:
        await world.do(step)
    before = dict(world.records)
    days = edges(before.values())
    day = days[choice % len(days)]
    answer = await ask(world, Question(code, "VN", day))
    await world.take()
    recorded = world.kept[-1].at
    assert recorded is not None
    for step in [*later, Step("fold")]:
        await world.do(step)
    assert pair(answer) == counted(before, Question(code, "VN", day), None)
    for known in (answer["known"]["moment"], recorded.isoformat()):
        for question in list(questions(world, code, day, known))[choice % 4 :: 4]:
            await require(world, question, before)
