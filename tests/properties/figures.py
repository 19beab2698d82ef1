"""Figures as the indicator routes give them, beside those that the oracle and the lists of units give."""

from collections.abc import Collection, Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from app.places import Level, Place
from tests.properties.oracle import Records, count
from tests.properties.world import World

CODES = ("managed", "insured", "e-book")
PLACES = ("VN@2004", "VN@2025-07", "01@2004", "01@2025-07", "64@2004", "001@2004", "52@2025-07", "00097@2025-07")
SPLITS: dict[str, tuple[Level, ...]] = {
    "country": ("province", "district", "commune"),
    "province": ("district", "commune"),
    "district": ("commune",),
    "commune": (),
}
Pair = tuple[int, int]


class Question(NamedTuple):
    """What is asked of an indicator; `known` is a moment's text or time, "" for now."""

    code: str
    place: str
    on: date
    by: str = ""
    known: str = ""

    @property
    def query(self) -> dict[str, str]:
        named = {"place": self.place, "on": self.on.isoformat(), "by": self.by, "known-at": self.known}
        return {name: value for name, value in named.items() if value}


async def ask(world: World, question: Question) -> dict:
    """Return the answer of the route."""
    answer = await world.client.get(f"http://tramy.test/indicators/{question.code}", params=question.query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def require(world: World, question: Question, records: Records) -> None:
    """The answer, its parts and their percentages are what a recount of the records gives."""
    answer = await ask(world, question)
    place = world.places.find(question.place, question.on)
    assert pair(answer) == counted(records, question, world.places.stated(place)), question
    assert [group["rate"] for group in answer["groups"]] == [rate(*pair(group)) for group in answer["groups"]]
    assert answer["rate"] == rate(*pair(answer))
    if question.by:
        found = {group["key"]: pair(group) for group in answer["groups"]}
        assert found == parts(world, records, question, place), question
        assert (sum(n for n, _ in found.values()), sum(d for _, d in found.values())) == pair(answer)


def parts(world: World, records: Records, question: Question, place: Place) -> dict[str | None, Pair]:
    """Return the expected figures of the parts: every unit of the split, or the sexes that occur."""
    inside = world.places.stated(place)
    if question.by == "sex":
        sexes = ((sex, counted(records, question, inside, sex)) for sex in ("female", "male", "other", "unknown"))
        return {sex: figure for sex, figure in sexes if figure != (0, 0)}
    units = world.places.split(place, question.by)
    lived_in = {unit for _, unit, _ in count(records, question.on)}
    return {
        unit.key or None: counted(records, question, set(keys)) if lived_in & set(keys) else (0, 0)
        for unit, keys in units.items()
    }


def counted(records: Records, question: Question, units: Collection[str] | None, sex: str = "") -> Pair:
    """Return numerator and denominator of the people of the stated communes (None: of all), of one sex or any."""
    sums = {"resident": 0, question.code: 0}
    for (series, unit, of), people in count(records, question.on).items():
        if series in sums and (units is None or unit in units) and sex in ("", of):
            sums[series] += people
    return sums[question.code], sums["resident"]


def pair(figure: dict) -> Pair:
    return figure["numerator"], figure["denominator"]


def rate(numerator: int, denominator: int) -> float | None:
    """Return the percentage to two decimals, half up; None of nobody."""
    if not denominator:
        return None
    return float((Decimal(100 * numerator) / denominator).quantize(Decimal("0.01"), ROUND_HALF_UP))


def questions(world: World, code: str, day: date, known: str = "") -> Iterable[Question]:
    """Yield what can be asked of the places on a day."""
    for text in PLACES:
        level = world.places.find(text, day).level
        for by in ("", "sex", *SPLITS[level]):
            if (level, by) not in (("country", "commune"), ("country", "district")):
                yield Question(code, text, day, by, known)
