"""Addresses with the administrative units of VN Core: state and ward, coded with the version of the unit list."""

from app.exchange.invented.plan import Plan

_URL = "http://fhir.ehealth.gov.vn/core/StructureDefinition/extension-administrative-address"
_SYSTEM = "http://fhir.ehealth.gov.vn/core/CodeSystem/vn-core-administrative-address"


def address(plan: Plan, unit: tuple[str, str] | None, village: str, period: dict[str, str] | None = None) -> dict:
    """Make a home address in a commune (code, name), or in the province without saying where."""
    province = plan.province[1]
    levels = [_level("state", plan.province, plan.unit_version)]
    parts = [province]
    if unit:
        levels.append(_level("ward", unit, plan.unit_version))
        parts = [village, unit[1], province]
    made = {
        "extension": [{"url": _URL, "extension": levels}],
        "use": "home",
        "type": "physical",
        "text": ", ".join(parts),
        "line": [village],
        "state": province,
        "country": "VN",
    }
    if not unit:
        del made["line"]
    if period:
        made["period"] = period
    return made


def _level(url: str, unit: tuple[str, str], version: str) -> dict:
    coding = {"system": _SYSTEM, "version": version, "code": unit[0], "display": unit[1]}
    return {"url": url, "valueCodeableConcept": {"coding": [coding]}}
