"""The register: household after household, each made from the plan and its own number alone."""

from collections.abc import Iterator
from typing import NamedTuple

from app.exchange.invented.cards import cards
from app.exchange.invented.doses import immunizations
from app.exchange.invented.draws import Draw, between, draw_for, pick
from app.exchange.invented.facilities import facility_code
from app.exchange.invented.families import Member, members
from app.exchange.invented.layout import Homestead, Layout, layout
from app.exchange.invented.lists import groups, province_of_2025
from app.exchange.invented.patients import patient
from app.exchange.invented.persons import Person, fates
from app.exchange.invented.plan import Plan
from app.exchange.invented.visits import encounters

MOVED_SHARE = 0.012
"""So many households came from elsewhere within the last two years (0 to 1)."""
TWO_YEARS = 729


class Tally(NamedTuple):
    """What a plan comes to: all people, the residents on the last day, and those of each with a card in force.

    A resident is active, alive, and lives in a commune of the plan.
    """

    people: int
    residents: int
    insured: int
    insured_residents: int


def tally(plan: Plan) -> Tally:
    """Count without making anyone."""
    communes = layout(plan).communes
    residents = sum(commune.people - commune.apart for commune in communes)
    counted = sum(min(commune.insured, commune.people - commune.apart) for commune in communes)
    return Tally(plan.people, residents, plan.covered, counted)


def households(plan: Plan) -> int:
    """Say how many households `invent` gives."""
    return layout(plan).households


def invent(plan: Plan, start: int = 0, stop: int | None = None) -> Iterator[list[dict]]:
    """Give households from `start` up to but not including `stop`, as a slice of all of them would.

    A household is a list of FHIR resources, each Patient followed by its Coverage, Encounter and Immunization; ids
    are set. No resource shares a part with another.
    """
    laid_out = layout(plan)
    for number in range(*slice(start, stop).indices(laid_out.households)):
        yield _household(plan, laid_out, number)


def _household(plan: Plan, laid_out: Layout, number: int) -> list[dict]:
    draw = draw_for(plan.seed, number)
    place = laid_out.place(number)
    people = _persons(plan, place, draw)
    village = f"{_village(place.commune.name, people[0].kinh)} {between(1, 14, draw)}"
    mother = next((p.member.name.text for p in people if p.member.role == "adult" and not p.member.male), "")
    made = []
    for person in people:
        of_child = mother if person.member.role == "child" else ""
        made.append(patient(plan, person, village, place.commune.book, of_child, draw))
        made += cards(plan, person, draw)
        made += encounters(person, place.commune.seen, draw)
        made += immunizations(person, draw)
    return made


def _village(commune: str, kinh: bool) -> str:
    """Name the kind of settlement a commune has."""
    if commune.startswith(("Phường", "Thị trấn")):
        return "Tổ dân phố"
    return "Thôn" if kinh else "Bản"


def _persons(plan: Plan, place: Homestead, draw: Draw) -> list[Person]:
    commune, last = place.commune, plan.last_day.toordinal()
    others, _ = groups(province_of_2025(plan.province[0], plan.unit_version))
    group = ("01", "Kinh") if draw() < commune.kinh else pick(others, draw)
    household = members(place.size, group[0], draw)
    moved = last - between(1, TWO_YEARS, draw) if draw() < MOVED_SHARE else 0
    made = []
    for k, (member, (fate, insured)) in enumerate(zip(household, fates(place, household), strict=True)):
        number, until = place.first + k, _until(member, fate, last, draw)
        made.append(
            Person(
                *(number, f"demo-p-{number:06d}", member, group, last - member.age, last, until, fate, insured, moved),
                *(commune.code, facility_code(plan, commune.number)),
            )
        )
    return made


def _until(member: Member, fate: str, last: int, draw: Draw) -> int:
    """Give the last day of someone here: of a death or a move within the last years, or of the register."""
    if fate not in ("dead", "away"):
        return last
    return last - between(1, min(TWO_YEARS, member.age - 1), draw)
