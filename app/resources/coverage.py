"""Coverage: an insurance card (thẻ bảo hiểm y tế, BHYT). https://hl7.org/fhir/R4/coverage.html"""

from asyncpg import Range
from sqlalchemy.dialects.postgresql import DATERANGE

from app.fhir.resource_type import Derived, Reading, ResourceType
from app.fhir.search import values
from app.resources.days import of_period, to_range
from app.resources.declare import owner, reference, string, token
from app.resources.identity import shapes
from app.resources.systems import INSURANCE_NUMBER
from app.store.record import Column

_SOCIAL_INSURANCE = {"PUBLICPOL", "BHYT"}


def insured_days(tree: dict, reading: Reading) -> dict[str, Range]:
    """Return the days on which a card of social health insurance is in force, its last day included.

    A Coverage is such a card when it is active and its type is coded PUBLICPOL (v3-ActCode) or BHYT, or an
    identifier is a card number. Without an end it stays in force (cards of army and police: DOMAIN, QĐ 4750).
    """
    if tree.get("status") != "active" or not _is_social(tree):
        return {}
    span = of_period(tree.get("period"), reading.zone)
    return {"insured_days": to_range(span)} if span.start < span.end else {}


def _is_social(tree: dict) -> bool:
    if any(item.get("system") == INSURANCE_NUMBER for item in tree.get("identifier", ())):
        return True
    return any(coding.get("code") in _SOCIAL_INSURANCE for coding in tree.get("type", {}).get("coding", ()))


COVERAGE = ResourceType(
    name="Coverage",
    title="An insurance card",
    title_vi="Thẻ bảo hiểm y tế",
    owner="beneficiary",
    search=(
        owner("beneficiary"),
        token("class-type", "class.type", of=values.concepts),
        string("class-value", "class.value"),
        string("dependent"),
        token("identifier", of=values.identifiers, indexed=True),
        owner("patient", "beneficiary"),
        reference("payor", to=("Organization", "Patient", "RelatedPerson")),
        reference("policy-holder", "policyHolder", to=("Organization", "Patient", "RelatedPerson")),
        token("status", of=values.codes, system="http://hl7.org/fhir/fm-status"),
        reference("subscriber", to=("Patient", "RelatedPerson")),
        token("type", of=values.concepts),
    ),
    derived=Derived((Column("insured_days", DATERANGE()),), insured_days),
    rules=(shapes,),
    example={
        "resourceType": "Coverage",
        "identifier": [{"system": INSURANCE_NUMBER, "value": "GD4010123456789"}],
        "status": "active",
        "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PUBLICPOL"}]},
        "beneficiary": {"reference": "Patient/mau-1"},
        "period": {"start": "2026-01-01", "end": "2026-12-31"},
        "payor": [{"display": "Bảo hiểm xã hội Việt Nam"}],
    },
)
