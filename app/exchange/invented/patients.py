"""Patient resources of invented people: https://hl7.org/fhir/R4/patient.html and VN Core's patient profile."""

from app.exchange.invented.addresses import address
from app.exchange.invented.draws import Draw, between, iso, pick
from app.exchange.invented.families import YEAR
from app.exchange.invented.identifiers import BOOK, coded_identifier, insurance_number, national_number
from app.exchange.invented.persons import Person
from app.exchange.invented.plan import Plan

_RACE = "http://fhir.ehealth.gov.vn/core/StructureDefinition/extension-race"
_RACES = "http://fhir.ehealth.gov.vn/core/CodeSystem/vn-core-race"
_ROLES = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
BOOK_DAYS = 3 * 365
"""E-health books were opened within so many days."""


def patient(plan: Plan, person: Person, village: str, book: float, mother: str, draw: Draw) -> dict:
    """Make the Patient; `book` is the share with an e-health book (0 to 1), `mother` the name of a child's mother."""
    birth = iso(person.born)
    code, group = person.group
    made: dict = {
        "resourceType": "Patient",
        "id": person.id,
        "extension": [
            {
                "url": _RACE,
                "valueCodeableConcept": {"coding": [{"system": _RACES, "code": code, "display": group}]},
            }
        ],
        "identifier": _identifiers(plan, person, birth, book, draw),
        "active": person.fate != "mistake",
        "name": [person.member.name.as_fhir()],
    }
    gender = _gender(person.member.male, draw())
    if gender:
        made["gender"] = gender
    made["birthDate"] = birth[: _known(person.member.age, draw())]
    if person.fate == "dead":
        made["deceasedDateTime"] = iso(person.until)
    made["address"] = _addresses(plan, person, village, draw)
    if mother and person.member.age < 14 * YEAR:
        relation = {"coding": [{"system": _ROLES, "code": "MTH"}], "text": "Mẹ"}
        made["contact"] = [{"relationship": [relation], "name": {"text": mother}, "gender": "female"}]
    made["managingOrganization"] = {"reference": f"Organization/demo-o-{person.facility}"}
    return made


def _identifiers(plan: Plan, person: Person, birth: str, book: float, draw: Draw) -> list[dict]:
    value = f"{person.facility_code}-{person.number:07d}"
    own = coded_identifier("patient-internal-id", value, "PI", "secondary")
    own["assigner"] = {"reference": f"Organization/demo-o-{person.facility}"}
    made = [own]
    if person.fate == "mistake":
        return made
    if draw() < _numbered(person.member.age):
        number = national_number(plan, person.number, person.member.male, birth, draw)
        made.insert(0, coded_identifier("national_id", number, "NI", "official"))
    if draw() < book:
        since = person.until - int(draw() * min(BOOK_DAYS, person.until - person.born + 1))
        value = f"SK{insurance_number(plan, person.number)}"
        made.append({"system": BOOK, "value": value, "period": {"start": iso(since)}})
    return made


def _numbered(age: int) -> float:
    """Say how many people of this age in days have a national number (0 to 1): newborns have none yet."""
    if age < 60:
        return 0
    if age < YEAR:
        return 0.6
    return 0.9 if age < 18 * YEAR else 0.96


def _gender(male: bool, u: float) -> str:
    """Give the administrative gender; for one person in three hundred it is another, or was not written down."""
    if u < 0.0035:
        return ("other", "unknown", "")[int(u / 0.0035 * 3)]
    return "male" if male else "female"


def _known(age: int, u: float) -> int:
    """Say how many characters of the birth date are known: of the old, sometimes the year or the month only."""
    if age < 60 * YEAR or u > 0.17:
        return 10
    return 4 if u < 0.155 else 7


def _addresses(plan: Plan, person: Person, village: str, draw: Draw) -> list[dict]:
    here = next(unit for unit in plan.communes if unit[0] == person.facility)
    if person.fate == "away":
        left = iso(person.until + 1)
        gone = pick(plan.neighbours, draw) if plan.neighbours else None
        there = address(plan, gone, f"Thôn {between(1, 9, draw)}", {"start": left})
        return [there, address(plan, here, village, {"end": iso(person.until)})]
    if not person.born < person.moved <= person.until:
        return [address(plan, here, village)]
    before = {"end": iso(person.moved - 1)}
    if draw() < 0.5:
        before = {"start": iso(max(person.born, person.moved - between(400, 4000, draw))), **before}
    came_from = address(plan, _former(plan, person, draw), f"Thôn {between(1, 9, draw)}", before)
    return [address(plan, here, village, {"start": iso(person.moved)}), came_from]


def _former(plan: Plan, person: Person, draw: Draw) -> tuple[str, str] | None:
    others = [*plan.neighbours, *(unit for unit in plan.communes if unit[0] != person.facility)]
    return pick(others, draw) if others else None
