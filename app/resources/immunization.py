"""Immunization: a dose of a vaccine given, or not given (mũi tiêm chủng). https://hl7.org/fhir/R4/immunization.html"""

import datetime

from sqlalchemy import Date

from app.fhir.instant import local_days
from app.fhir.resource_type import Derived, Reading, ResourceType
from app.fhir.search import values
from app.resources.declare import date, owner, reference, string, token
from app.resources.identity import shapes
from app.resources.treating import organizations
from app.store.record import Column


def contact_day(tree: dict, reading: Reading) -> dict[str, datetime.date]:
    """Return the day of a dose that was given.

    ASSUMPTION: of an occurrence known by month or year only, the first possible day counts; one in words has none.
    """
    if tree.get("status") != "completed" or "occurrenceDateTime" not in tree:
        return {}
    return {"contact_day": local_days(tree["occurrenceDateTime"], reading.zone).first}


IMMUNIZATION = ResourceType(
    name="Immunization",
    title="A dose of a vaccine",
    title_vi="Mũi tiêm chủng",
    owner="patient",
    search=(
        date("date", "occurrenceDateTime", indexed=True),
        token("identifier", of=values.identifiers, indexed=True),
        reference("location", to=("Location",)),
        string("lot-number", "lotNumber"),
        reference("manufacturer", to=("Organization",)),
        owner("patient"),
        reference("performer", "performer.actor", to=("Organization", "Practitioner", "PractitionerRole")),
        reference("reaction", "reaction.detail", to=("Observation",)),
        date("reaction-date", "reaction.date", many=True),
        token("reason-code", "reasonCode", of=values.concepts),
        reference("reason-reference", "reasonReference", to=("Condition", "DiagnosticReport", "Observation")),
        string("series", "protocolApplied.series"),
        token("status", of=values.codes, system="http://hl7.org/fhir/event-status"),
        token("status-reason", "statusReason", of=values.concepts),
        token("target-disease", "protocolApplied.targetDisease", of=values.concepts),
        token("vaccine-code", "vaccineCode", of=values.concepts),
    ),
    derived=Derived((Column("contact_day", Date()),), contact_day),
    rules=(shapes,),
    reach=lambda tree, _reading: organizations(*(item.get("actor") for item in tree.get("performer", ()))),
    example={
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": {
            "coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "102", "display": "DTP-Hib-HepB"}]
        },
        "patient": {"reference": "Patient/mau-1"},
        "occurrenceDateTime": "2026-03-02T08:15:00+07:00",
        "lotNumber": "MAU-001",
        "protocolApplied": [{"doseNumberPositiveInt": 1}],
    },
)
