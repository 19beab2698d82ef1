"""Insurance cards (thẻ BHYT) as Coverage: https://hl7.org/fhir/R4/coverage.html; card numbers by QĐ 1351/QĐ-BHXH."""

from datetime import date

from app.exchange.invented.draws import Draw, between, iso
from app.exchange.invented.identifiers import SID, card_number
from app.exchange.invented.persons import Person
from app.exchange.invented.plan import Plan

CHILD_YEARS = 6
"""Children have a child's card (TE) until the day before they are 72 months old."""
_ACTS = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_CLASSES = "http://terminology.hl7.org/CodeSystem/coverage-class"
_RELATIONS = "http://terminology.hl7.org/CodeSystem/subscriber-relationship"


def cards(plan: Plan, person: Person, draw: Draw) -> list[dict]:
    """Make the cards of a person: one in force on the last day if insured, and otherwise none that is."""
    if person.insured:
        made = [coverage(plan, person, 1, _in_force(plan, person, draw), draw)]
        start = person.last - 2 * 365 - between(0, 200, draw)
        if draw() < 0.03 and _child_until(person.born) <= start:
            made.append(coverage(plan, person, 2, (start, start + 300), draw))
        return made
    if person.fate == "mistake":
        return []
    status, period = _not_in_force(plan, person, draw)
    return [coverage(plan, person, 1, period, draw, status)] if period else []


def coverage(
    plan: Plan, person: Person, number: int, period: tuple[int, int], draw: Draw, status: str = "active"
) -> dict:
    """Make one card; the period is its first and last day, 0 for a last day that is not known."""
    start, end = period
    age = 0 if start < _child_until(person.born) else max(CHILD_YEARS, person.age_on(start))
    card = card_number(plan, person.number, age, person.kinh, draw)
    between_days = {"start": iso(start), "end": iso(end)} if end else {"start": iso(start)}
    return {
        "resourceType": "Coverage",
        "id": f"{person.id.replace('-p-', '-c-')}-{number}",
        "identifier": [{"system": f"{SID}/insurance_number", "value": card}],
        "status": status,
        "type": {"coding": [{"system": _ACTS, "code": "PUBLICPOL"}], "text": "BHYT"},
        "subscriberId": card,
        "beneficiary": {"reference": f"Patient/{person.id}"},
        "relationship": {"coding": [{"system": _RELATIONS, "code": "self"}]},
        "period": between_days,
        "payor": [{"display": "Bảo hiểm xã hội Việt Nam"}],
        "class": [
            {
                "type": {"coding": [{"system": _CLASSES, "code": "plan"}], "text": "Nơi đăng ký KCB ban đầu"},
                "value": person.facility_code,
            }
        ],
    }


def _in_force(plan: Plan, person: Person, draw: Draw) -> tuple[int, int]:
    child_until = _child_until(person.born)
    if person.last < child_until:
        return person.born, child_until - 1
    kind, year = draw(), plan.last_day.year
    if kind < 0.62:
        # Whoever turns six within the year gets the next card on that day.
        return max(date(year, 1, 1).toordinal(), child_until), date(year, 12, 31).toordinal()
    if kind < 0.96:
        start = max(person.last - between(0, 350, draw), child_until)
        return start, start + 364
    return max(date(year - between(0, 3, draw), 1, 1).toordinal(), child_until), 0


def _not_in_force(plan: Plan, person: Person, draw: Draw) -> tuple[str, tuple[int, int] | None]:
    kind, last = draw(), person.last
    grown = person.last - person.born > (CHILD_YEARS + 3) * 366
    if person.fate == "dead" and grown:
        return "active", (date(date.fromordinal(person.until).year, 1, 1).toordinal(), person.until)
    if kind < 0.45 or not grown:
        return "active", None
    if kind < 0.80:
        end = last - between(1, 400, draw)
        return "active", (end - 364, end)
    year = plan.last_day.year
    if kind < 0.92:
        return "cancelled", (date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal())
    start = last + between(1, 28, draw)
    return "active", (start, start + 364)


def _child_until(born: int) -> int:
    """Give the day someone is six; for those born on 29 February that is 1 March in a common year."""
    day = date.fromordinal(born)
    leap = (day.month, day.day) == (2, 29)
    return (date(day.year + CHILD_YEARS, 3, 1) if leap else day.replace(year=day.year + CHILD_YEARS)).toordinal()
