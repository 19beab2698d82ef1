"""Every answer for a place, whole and in parts, through roll-ups or not, is what a recount of the records gives."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.figures import CODES, Question, questions, require
from tests.properties.histories import Step, histories
from tests.properties.world import World, edges


async def law(world: World, history: list[Step], code: str, choice: int) -> None:
    await world.clear()
    for number, step in enumerate(history, 1):
        await world.do(step)
        # What is rolled up twice, or not at all, shows when there are several roll-ups and rows since the last.
        if number % 4 == 0:
            await world.do(Step("fold"))
    days = edges(world.records.values())
    for question in questions(world, code, days[choice % len(days)]):
        await require(world, question, world.records)


@given(history=histories(), code=st.sampled_from(CODES), choice=st.integers(0, 1000))
async def test_places_their_parts_and_the_unassigned_add_up(
    world: World, history: list[Step], code: str, choice: int
) -> None:
    await law(world, history, code, choice)


@pytest.mark.slow
@settings(settings.get_profile("slow"), max_examples=200)
@given(history=histories(longest=60), code=st.sampled_from(CODES), choice=st.integers(0, 1000))
async def test_places_add_up_after_long_histories(world: World, history: list[Step], code: str, choice: int) -> None:
    await law(world, history, code, choice)


@pytest.mark.parametrize("place", ["VN@2004", "VN@2025-07"])
async def test_the_communes_and_the_unassigned_of_the_country_add_up(world: World, place: str) -> None:
    await world.clear()
    for person, coding in (("a", {"code": "00004", "version": "2025-07"}), ("b", {"code": "00001"}), ("c", None)):
        await world.do(Step("put", resident(person, coding)))
    await require(world, Question("insured", place, date(2026, 1, 1), "commune"), world.records)


def resident(person: str, coding: dict | None) -> dict:
    extension = {"url": "https://tramy.vn/fhir/StructureDefinition/commune", "valueCoding": coding}
    addresses = {"address": [{"use": "home", "extension": [extension]}]} if coding else {}
    return {"resourceType": "Patient", "id": person, "name": [{"text": "Lý Thị Mẫu"}], **addresses}
