"""Vaccinations of the child programme and some of grown people: https://hl7.org/fhir/R4/immunization.html

Ages and intervals as in Circular 52/2025/TT-BYT, whose months are taken as 31 days, so that no dose is ever early.
"""

from datetime import date
from functools import cache

from app.exchange.invented.draws import Draw, between, iso
from app.exchange.invented.facilities import STAFF, staff_reference
from app.exchange.invented.families import YEAR
from app.exchange.invented.lists import Dose, adult_doses, schedule, vaccines
from app.exchange.invented.persons import Person
from app.exchange.invented.visits import at

KEPT_DAYS = 4 * 365
"""Vaccinations longer ago than this were written on paper only."""
CHILD_DAYS = 16 * 366
_REASONS = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_NOT_DONE = (
    ("MEDPREC", "Hoãn tiêm theo khám sàng lọc"),
    ("PATOBJ", "Gia đình không đồng ý"),
    ("OSTOCK", "Hết vắc xin"),
)


def immunizations(person: Person, draw: Draw) -> list[dict]:
    """Make a person's vaccinations up to the day they were last here."""
    if person.fate == "mistake":
        return []
    since = person.until - KEPT_DAYS
    given = _child(person, draw) if person.member.age < CHILD_DAYS else _grown(person, draw)
    return [
        immunization(person, n, day, cvx, dose, draw, done)
        for n, (day, cvx, dose, done) in enumerate(given, 1)
        if day >= since
    ]


def immunization(person: Person, number: int, day: int, cvx: str, dose: int, draw: Draw, done: bool = True) -> dict:
    """Make one vaccination, given or (`done` False) not given, with the reason."""
    display, diseases = vaccines()[cvx]
    made: dict = {
        "resourceType": "Immunization",
        "id": f"{person.id.replace('-p-', '-i-')}-{number:02d}",
        "status": "completed" if done else "not-done",
    }
    if not done:
        code, text = _NOT_DONE[int(draw() * len(_NOT_DONE))]
        made["statusReason"] = {"coding": [{"system": _REASONS, "code": code}], "text": text}
    made["vaccineCode"] = {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": cvx, "display": display}]}
    made["patient"] = {"reference": f"Patient/{person.id}"}
    # Some registers know the day of a vaccination but not the time.
    made["occurrenceDateTime"] = iso(day) if draw() < 0.25 else at(day, 450 + 5 * int(draw() * 40))
    made["primarySource"] = True
    made["location"] = {"reference": f"Location/demo-l-{person.facility}"}
    if done:
        made["lotNumber"] = f"{cvx}{iso(day - 200)[2:7].replace('-', '')}{between(1, 9, draw)}"
        made["performer"] = [{"actor": staff_reference(person.facility, STAFF, draw)}]
    made["protocolApplied"] = [{"targetDisease": _diseases(diseases), "doseNumberPositiveInt": dose}]
    return made


def _diseases(diseases: tuple[tuple[str, str], ...]) -> list[dict]:
    icd = "http://hl7.org/fhir/sid/icd-10"
    return [{"coding": [{"system": icd, "code": code, "display": display}]} for code, display in diseases]


def _child(person: Person, draw: Draw) -> list[tuple[int, str, int, bool]]:
    """Follow the schedule: most children on time, some late, one in sixty without any vaccination."""
    habit = draw()
    late = 12 if habit < 0.80 else 60 if habit < 0.95 else 200
    if habit > 0.984:
        return []
    given: list[tuple[int, str, int, bool]] = []
    before = ("", 0)
    for dose in schedule():
        if before[0] != dose.cvx:
            before = (dose.cvx, 0)
        elif not before[1]:
            # Without the dose before there is none after it.
            continue
        day = _day(person, dose, before[1], late, draw)
        taken = day > 0 and draw() < dose.uptake
        if taken:
            given.append((day, dose.cvx, dose.dose, True))
        elif day > 0 and draw() < 0.15:
            given.append((day, dose.cvx, dose.dose, False))
        before = (dose.cvx, day if taken else 0)
    return given


def _day(person: Person, dose: Dose, before: int, late: int, draw: Draw) -> int:
    """Give the day of a dose, 0 if it is not this person's or still to come; the station is closed on Sundays."""
    if dose.sex and (dose.sex == "male") != person.member.male:
        return 0
    due = person.born + dose.due
    if dose.due:
        due += int(draw() * (late if dose.due > 31 else 20))
    due = max(due, before + dose.gap, _ordinal(dose.first_day))
    if due % 7 == 0 and dose.due:
        due += 1
    return due if due <= person.until else 0


@cache
def _ordinal(day: str) -> int:
    return date.fromisoformat(day).toordinal() if day else 0


def _grown(person: Person, draw: Draw) -> list[tuple[int, str, int, bool]]:
    given = []
    for vaccine in adult_doses():
        if draw() >= vaccine.share or (vaccine.sex and (vaccine.sex == "male") != person.member.male):
            continue
        if vaccine.from_age * YEAR <= person.member.age < vaccine.until_age * YEAR:
            given.append((person.until - int(draw() * min(700, person.until - person.born)), vaccine.cvx, 1, True))
    return given
