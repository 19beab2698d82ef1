"""Who lives in a household: parents, children and elders whose sexes, ages and family names fit together."""

from typing import NamedTuple

from app.exchange.invented.draws import Draw, between, pick
from app.exchange.invented.lists import Shape, shapes
from app.exchange.invented.names import Name, family_name, full_name

YEAR = 365.2425
OLD_GENERATION = 40 * YEAR
"""From this age on (days) people bear the names of the older lists."""
OLDEST = 100 * YEAR


class Member(NamedTuple):
    """Someone of a household: an adult, a child or an elder of it, and their age in days on the last day."""

    role: str
    male: bool
    age: int
    name: Name


def members(size: int, group: str, draw: Draw) -> list[Member]:
    """Make up a household of 1 to 7 people, adults first."""
    shape = pick(shapes(size), draw)
    people = _ages(shape, draw)
    family = family_name(group, draw)
    household = []
    for role, male, age in people:
        stranger = bool(household) if role == "adult" else role == "elder" and not male
        own = family_name(group, draw) if stranger else family
        household.append(Member(role, male, age, full_name(own, group, male, age >= OLD_GENERATION, draw)))
    return household


def _ages(shape: Shape, draw: Draw) -> list[tuple[str, bool, int]]:
    """Give role, sex and age in days of everyone, from the children up to the elders."""
    youngest = (shape.low + draw() * (shape.high - shape.low)) * YEAR
    children = [youngest]
    for _ in range(shape.children - 1):
        children.append(children[-1] + (1 + draw() * 5) * YEAR)
    mother = children[-1] + (19 + draw() * 13) * YEAR if shape.children else youngest
    father = max(18 * YEAR, mother + (draw() * 9 - 2) * YEAR)
    people = [("adult", True, father), ("adult", False, mother)]
    if shape.adults == 1:
        people = [("adult", draw() < (0.2 if shape.children else 0.35), mother)]
    people += [("child", draw() < 0.51, age) for age in children[: shape.children]]
    elder = max(mother, father) + (20 + draw() * 12) * YEAR
    elders = [("elder", False, elder), ("elder", True, elder + draw() * 4 * YEAR)]
    if shape.elders == 1 and draw() < 0.25:
        elders.reverse()
    people += elders[: shape.elders]
    return [(role, male, int(min(age, OLDEST)) + between(0, 3, draw)) for role, male, age in people]
