"""The places people go to: a station in each commune, one hospital, and those who work there."""

from app.exchange.invented.addresses import address
from app.exchange.invented.draws import Draw, draw_for
from app.exchange.invented.identifiers import SID
from app.exchange.invented.names import family_name, full_name
from app.exchange.invented.plan import Plan

STAFF = 3
"""Practitioners at each station."""
HOSPITAL = "hospital"
HOSPITAL_STAFF = 6
_KINDS = ("Xã ", "Phường ", "Đặc khu ", "Thị trấn ", "Tỉnh ", "Thành phố ")


def facilities(plan: Plan) -> list[dict]:
    """Make the Organization, Location and Practitioner resources the records refer to; send them first."""
    made = []
    for number, unit in enumerate(plan.communes):
        draw = draw_for(plan.seed, number, purpose=4)
        made += _facility(plan, unit[0], unit, f"Trạm y tế {_within(unit[1])}", facility_code(plan, number))
        made += [_practitioner(unit[0], k, draw) for k in range(1, STAFF + 1)]
    draw = draw_for(plan.seed, len(plan.communes), purpose=4)
    where = f"Bệnh viện đa khoa khu vực (minh họa), {_within(plan.province[1])}"
    made += _facility(plan, HOSPITAL, plan.communes[0], where, f"{plan.province[0]}001")
    return made + [_practitioner(HOSPITAL, k, draw) for k in range(1, HOSPITAL_STAFF + 1)]


def facility_code(plan: Plan, number: int) -> str:
    """Write the five-character code (MA_CSKCB) of the station of a commune of the plan (0, 1, ...)."""
    return f"{plan.province[0]}{101 + number:03d}"


def staff_reference(facility: str, staff: int, draw: Draw) -> dict[str, str]:
    """Refer to one of the people at a facility."""
    return {"reference": f"Practitioner/demo-d-{facility}-{1 + int(draw() * staff)}"}


def _facility(plan: Plan, key: str, unit: tuple[str, str], name_: str, code: str) -> list[dict]:
    kind = {"system": "http://terminology.hl7.org/CodeSystem/organization-type", "code": "prov"}
    organization = {
        "resourceType": "Organization",
        "id": f"demo-o-{key}",
        "identifier": [{"system": f"{SID}/provider-license-number", "value": code}],
        "active": True,
        "type": [{"coding": [kind]}],
        "name": name_,
        "address": [_workplace(plan, unit)],
    }
    location = {
        "resourceType": "Location",
        "id": f"demo-l-{key}",
        "status": "active",
        "name": name_,
        "mode": "instance",
        "address": _workplace(plan, unit),
        "managingOrganization": {"reference": f"Organization/demo-o-{key}"},
    }
    return [organization, location]


def _within(unit: str) -> str:
    """Write the name of a unit inside a longer name: "xã Bát Xát"."""
    return unit[0].lower() + unit[1:] if unit.startswith(_KINDS) else unit


def _workplace(plan: Plan, unit: tuple[str, str]) -> dict:
    return {**address(plan, unit, "Trung tâm xã"), "use": "work"}


def _practitioner(key: str, number: int, draw: Draw) -> dict:
    male = draw() < 0.4
    named = full_name(family_name("01", draw), "01", male, draw() < 0.4, draw)
    return {
        "resourceType": "Practitioner",
        "id": f"demo-d-{key}-{number}",
        "active": True,
        "name": [named.as_fhir()],
        "gender": "male" if male else "female",
    }
