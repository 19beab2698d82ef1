"""Encounter: a visit for care (lượt khám chữa bệnh). https://hl7.org/fhir/R4/encounter.html"""

import datetime

from sqlalchemy import Date

from app.fhir.instant import local_days
from app.fhir.resource_type import Derived, Reading, ResourceType
from app.fhir.search import values
from app.fhir.search.parameter import Parameter
from app.resources.declare import date, owner, reference, token
from app.resources.identity import shapes
from app.resources.treating import organizations
from app.store.record import Column


def contact_day(tree: dict, reading: Reading) -> dict[str, datetime.date]:
    """Return the day on which a finished visit began (or, where only that is known, ended).

    ASSUMPTION: of a visit known by month or year only, the first possible day counts.
    """
    period = tree.get("period", {})
    when = period.get("start") or period.get("end")
    if tree.get("status") != "finished" or when is None:
        return {}
    return {"contact_day": local_days(when, reading.zone).first}


ENCOUNTER = ResourceType(
    name="Encounter",
    title="A visit for care",
    title_vi="Lượt khám chữa bệnh",
    owner="subject",
    owner_optional=True,
    search=(
        reference("account", to=("Account",)),
        reference("appointment", to=("Appointment",)),
        reference("based-on", "basedOn", to=("ServiceRequest",)),
        token("class", of=values.codings),
        date("date", "period", indexed=True),
        reference("diagnosis", "diagnosis.condition", to=("Condition", "Procedure")),
        reference("episode-of-care", "episodeOfCare", to=("EpisodeOfCare",)),
        token("identifier", of=values.identifiers, indexed=True),
        Parameter("length", "quantity", ("length",), values.quantities),
        reference("location", "location.location", to=("Location",)),
        date("location-period", "location.period", many=True),
        reference("part-of", "partOf", to=("Encounter",)),
        reference("participant", "participant.individual", to=("Practitioner", "PractitionerRole", "RelatedPerson")),
        token("participant-type", "participant.type", of=values.concepts),
        owner("patient", "subject"),
        reference("practitioner", "participant.individual", to=("Practitioner",)),
        token("reason-code", "reasonCode", of=values.concepts),
        reference(
            "reason-reference",
            "reasonReference",
            to=("Condition", "ImmunizationRecommendation", "Observation", "Procedure"),
        ),
        reference("service-provider", "serviceProvider", to=("Organization",)),
        token("special-arrangement", "hospitalization.specialArrangement", of=values.concepts),
        token("status", of=values.codes, system="http://hl7.org/fhir/encounter-status"),
        owner("subject", to=("Group", "Patient")),
        token("type", of=values.concepts),
    ),
    derived=Derived((Column("contact_day", Date()),), contact_day),
    rules=(shapes,),
    reach=lambda tree, _reading: organizations(tree.get("serviceProvider")),
    example={
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": "Patient/mau-1"},
        "period": {"start": "2026-03-02T06:30:00+07:00", "end": "2026-03-02T07:05:00+07:00"},
        "reasonCode": [{"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "I10"}]}],
    },
)
