"""Numbers that are valid in form and given to one person only: national numbers, insurance cards, facility numbers.

Personal identification number: Law on Identity 26/2023/QH15; insurance card: QĐ 1351/QĐ-BHXH of 2015.
"""

from app.exchange.invented.draws import Draw
from app.exchange.invented.lists import prefixes, subjects
from app.exchange.invented.plan import Plan

SID = "http://fhir.ehealth.gov.vn/core/sid"
BOOK = "https://tramy.vn/sid/so-suc-khoe-dien-tu"
_MILLION = 1_000_000
# A step without the factors 2 and 5 meets every number of six, or of ten, digits once before any comes back.
_STEP = 387_420_489


def national_number(plan: Plan, person: int, male: bool, birth: str, draw: Draw) -> str:
    """Write twelve digits: prefix, century and sex, year of birth, and six digits.

    The six digits repeat after a million people; each million has prefixes of its own, so that the whole does not.
    """
    every = prefixes(plan.province[0], plan.unit_version)
    millions = (plan.people - 1) // _MILLION + 1
    own = every[person // _MILLION :: millions]
    prefix = own[0] if draw() < 0.92 else own[int(draw() * len(own))]
    century = 2 * (int(birth[:2]) - 19) + (not male)
    return f"{prefix}{century}{birth[2:4]}{(person * _STEP + plan.seed) % _MILLION:06d}"


def card_number(plan: Plan, person: int, age: int, kinh: bool, draw: Draw) -> str:
    """Write the fifteen characters of a card for someone of this age in years."""
    subject, benefit = subjects(age, kinh)[int(draw() * len(subjects(age, kinh)))]
    return f"{subject}{benefit}{plan.province[0]}{insurance_number(plan, person)}"


def insurance_number(plan: Plan, person: int) -> str:
    """Write the ten digits social insurance knows a person by; they stay when the card changes."""
    return f"{(person * _STEP + plan.seed) % 10**10:010d}"


def coded_identifier(system: str, value: str, kind: str, use: str) -> dict:
    """Make an Identifier of a kind of https://terminology.hl7.org/CodeSystem-v2-0203.html."""
    coding = {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": kind}
    return {"use": use, "type": {"coding": [coding]}, "system": f"{SID}/{system}", "value": value}
