"""The list of the missing is the population without the counted: each person once, with every reason, page by page."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from tests.properties.figures import CODES, Question, counted
from tests.properties.histories import Step, histories
from tests.properties.oracle import residents, series_of
from tests.properties.world import World, edges

FACTS = {"managed": {"seen"}, "insured": {"insured"}, "e-book": {"identified", "book"}}


@given(
    history=histories(),
    code=st.sampled_from(CODES),
    place=st.sampled_from(("VN", "01@2025-07", "01@2004", "00004@2025-07")),
    choice=st.integers(0, 1000),
    size=st.integers(1, 4),
)
async def test_who_is_missing_is_the_population_without_the_counted(
    world: World, history: list[Step], code: str, place: str, choice: int, size: int
) -> None:
    await world.clear()
    for step in history:
        await world.do(step)
    days = edges(world.records.values())
    day = days[choice % len(days)]
    units = world.places.stated(world.places.find(place, day))
    pages = await read_pages(world, code, place, day, size)
    people = [person for page in pages for person in page["people"]]
    numerator, denominator = counted(world.records, Question(code, place, day), units)
    assert {page["total"] for page in pages} == {denominator - numerator}
    assert [person["patient"] for person in people] == absent(world, code, day, units)
    assert all(len(page["people"]) == size for page in pages[:-1])
    for person in people:
        facts = [reason["fact"] for reason in person["reasons"]]
        assert facts
        assert set(facts) <= FACTS[code]
        assert len(facts) == len(set(facts))


def absent(world: World, code: str, day: date, units: tuple[str, ...] | None) -> list[str]:
    return sorted(
        reference
        for reference, unit, _ in residents(world.records, day)
        if (units is None or unit in units) and code not in series_of(world.records, reference, day)
    )


async def read_pages(world: World, code: str, place: str, day: date, size: int) -> list[dict]:
    """Return every page, following the links, which must come to an end."""
    address = f"http://tramy.test/indicators/{code}/missing?place={place}&on={day}&_count={size}"
    pages = []
    while address:
        answer = await world.client.get(address)
        assert answer.status_code == 200, answer.text
        pages.append(answer.json())
        assert len(pages) <= 1 + len(world.records)
        address = pages[-1]["next"]
    return pages
