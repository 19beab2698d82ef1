"""Households of one fixed make for measuring: everybody has a card, three visits and fifteen vaccinations."""

from datetime import date
from functools import lru_cache

from app.errors import BadParameter
from app.exchange.invented.cards import coverage
from app.exchange.invented.doses import immunization
from app.exchange.invented.draws import Draw, draw_for, pick
from app.exchange.invented.facilities import facility_code
from app.exchange.invented.families import Member, members
from app.exchange.invented.lists import schedule, visits
from app.exchange.invented.patients import patient
from app.exchange.invented.persons import Person
from app.exchange.invented.plan import MOST_PEOPLE, Plan
from app.exchange.invented.visits import encounter

LAST_DAY = date(2026, 10, 31)
VISITS, VACCINATIONS = 3, 15
MOST_TOGETHER = 7
_DAYS = 730
_COMMUNES = (("02683", "Xã Bát Xát"), ("02695", "Xã Trịnh Tường"), ("02701", "Xã Y Tý"), ("02728", "Xã Mường Hum"))
_PROVINCE = ("15", "Tỉnh Lào Cai")


def household_bundle(
    index: int,
    people: int = 5,
    communes: tuple[tuple[str, str], ...] = _COMMUNES,
    province: tuple[str, str] = _PROVINCE,
) -> list[dict]:
    """Make household `index` (0, 1, ...): per person 1 Patient, 1 Coverage, 3 Encounter and 15 Immunization.

    Communes take turns. Everything happened in the two years up to 2026-10-31; ids begin with "bench-". The
    facilities referred to are those of `facilities(benchmark_plan(communes, province))`. Numbers and ids are unique
    among calls with the same `people`; national numbers may be those of a demonstration register.
    """
    if not (1 <= people <= MOST_TOGETHER and 0 <= index < MOST_PEOPLE // people):
        en = f"household: expected 1 to {MOST_TOGETHER} people, and an index from 0 to {MOST_PEOPLE} / people"
        vi = f"hộ gia đình: cần 1 đến {MOST_TOGETHER} người, và số thứ tự từ 0 đến {MOST_PEOPLE} / số người"
        raise BadParameter.of(en, vi, "index")
    plan = benchmark_plan(communes, province)
    draw = draw_for(plan.seed, index, purpose=5)
    made = []
    for k, member in enumerate(members(people, "01", draw)):
        made += _person(plan, _bench_person(plan, index, index * people + k, member), draw)
    return made


@lru_cache(maxsize=16)
def benchmark_plan(communes: tuple[tuple[str, str], ...] = _COMMUNES, province: tuple[str, str] = _PROVINCE) -> Plan:
    """Give the plan whose facilities the households refer to."""
    return Plan(MOST_PEOPLE, None, LAST_DAY, communes=communes, province=province)


def _bench_person(plan: Plan, index: int, number: int, member: Member) -> Person:
    # Everybody is older than the two years in which everything happened.
    member = member._replace(age=member.age + 3 * 366) if member.age < 3 * 366 else member
    last, commune = LAST_DAY.toordinal(), index % len(plan.communes)
    return Person(
        *(number, f"bench-p-{number:08d}", member, ("01", "Kinh"), last - member.age, last, last, "", True, 0),
        *(plan.communes[commune][0], facility_code(plan, commune)),
    )


def _person(plan: Plan, person: Person, draw: Draw) -> list[dict]:
    first = person.last - _DAYS
    year = date(LAST_DAY.year, 1, 1).toordinal()
    made = [patient(plan, person, f"Thôn {1 + person.number % 12}", 0.6, "", draw)]
    made.append(coverage(plan, person, 1, (year, year + 364), draw))
    for n in range(VISITS):
        day = first + _DAYS * n // VISITS + int(draw() * (_DAYS // VISITS - 10)) + 1
        made.append(encounter(person, n + 1, day, pick(visits(), draw), draw))
    for n, dose in enumerate(schedule()[:VACCINATIONS]):
        day = first + _DAYS * n // VACCINATIONS + 1 + int(draw() * 40)
        made.append(immunization(person, n + 1, day, dose.cvx, dose.dose, draw))
    return made
