"""Contacts at the station, the hospital, at home and from afar: https://hl7.org/fhir/R4/encounter.html

Kinds of contact by QĐ 1804/QĐ-BYT of 2026 (MA_LOAI_KCB); times are of working hours in Viet Nam, +07:00.
"""

from app.exchange.invented.draws import Draw, between, iso, pick
from app.exchange.invented.facilities import HOSPITAL, HOSPITAL_STAFF, STAFF, staff_reference
from app.exchange.invented.lists import Visit, reasons, visits
from app.exchange.invented.persons import Person

_ACTS = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_KINDS = "https://tramy.vn/CodeSystem/ma-loai-kcb"
_EARLY = 6 * 60 + 30


def encounters(person: Person, seen: float, draw: Draw) -> list[dict]:
    """Make a person's contacts; `seen` is the share of people with one in the last twelve months (0 to 1)."""
    if person.fate == "mistake":
        return []
    lived = person.until - person.born
    days = [person.until - int(draw() * min(364, lived + 1)) for _ in range(_recent(person, seen, draw))]
    if draw() < 0.36 and lived > 400:
        days.append(person.until - between(366, min(1100, lived), draw))
    made = [encounter(person, n, day, pick(visits(), draw), draw) for n, day in enumerate(sorted(days), 1)]
    if not person.fate and draw() < 0.03:
        made.append(_unusual(person, len(made) + 1, draw))
    return made


def encounter(person: Person, number: int, day: int, kind: Visit, draw: Draw, status: str = "finished") -> dict:
    """Make one contact that begins on a day, on the Saturday before if that is a Sunday."""
    if day % 7 == 0 and day > person.born and not kind.at_hospital and status != "planned":
        day -= 1
    facility, staff = (HOSPITAL, HOSPITAL_STAFF) if kind.at_hospital else (person.facility, STAFF)
    code, display = pick(reasons(kind.reason, person.age_on(day)), draw)
    return {
        "resourceType": "Encounter",
        "id": f"{person.id.replace('-p-', '-e-')}-{number}",
        "status": status,
        "class": {"system": _ACTS, "code": kind.class_, "display": kind.class_name},
        "type": [{"coding": [{"system": _KINDS, "code": kind.type, "display": kind.type_name}]}],
        "subject": {"reference": f"Patient/{person.id}"},
        "participant": [{"individual": staff_reference(facility, staff, draw)}],
        "period": _period(person, day, kind, draw, status),
        "reasonCode": [{"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": code, "display": display}]}],
        "serviceProvider": {"reference": f"Organization/demo-o-{facility}"},
    }


def at(day: int, minute: int) -> str:
    """Write a minute of a day in Viet Nam as a FHIR dateTime."""
    return f"{iso(day)}T{minute // 60:02d}:{minute % 60:02d}:00+07:00"


def _recent(person: Person, seen: float, draw: Draw) -> int:
    """Say how many contacts there were in the last twelve months; the youngest and the old come more often."""
    age = person.age_on(person.until)
    likely = min(0.97, seen + 0.12) if age < 6 or age >= 60 else seen - 0.02
    return 1 + (draw() < 0.36) + (draw() < 0.17) if draw() < likely else 0


def _period(person: Person, day: int, kind: Visit, draw: Draw, status: str) -> dict[str, str]:
    early = draw() < 0.06 and not kind.at_hospital
    start = _EARLY if early else kind.opens * 60 + between(0, (kind.closes - kind.opens) * 12 - 1, draw) * 5
    if status != "finished":
        return {"start": at(day, start)}
    # Nobody is still in hospital on the last day: a long stay is cut there.
    end = min(day + between(1, kind.days, draw), person.until) if kind.days else day
    return {"start": at(day, start), "end": at(end, start + kind.minutes + between(0, 4, draw) * 5)}


def _unusual(person: Person, number: int, draw: Draw) -> dict:
    """Make a visit that is still to come, that was called off, or that was written down by mistake."""
    kind = next(v for v in visits() if v.type == "01")
    status = ("planned", "cancelled", "entered-in-error")[int(draw() * 3)]
    day = person.last - int(draw() * min(300, person.until - person.born + 1))
    if status == "planned":
        day = person.last + between(1, 30, draw)
    return encounter(person, number, day, kind, draw, status)
