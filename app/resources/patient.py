"""Patient: a person whose health the station looks after (người dân, bệnh nhân). https://hl7.org/fhir/R4/patient.html"""

from typing import Any

from asyncpg import Range
from sqlalchemy import ARRAY, Boolean
from sqlalchemy.dialects.postgresql import DATEMULTIRANGE, DATERANGE

from app.fhir.resource_type import Derived, Reading, ResourceType
from app.fhir.search import values
from app.resources.days import of_period, to_ranges
from app.resources.declare import date, person, reference, string, token
from app.resources.identity import national_numbers, shapes
from app.resources.persons.match import MATCH
from app.resources.persons.merge import MERGE, UNMERGE
from app.resources.persons.proof import proof
from app.resources.residence import lived, residence
from app.resources.summary import SUMMARY
from app.resources.systems import E_BOOK, INSURANCE_NUMBER, NATIONAL_ID
from app.resources.treating import organizations
from app.store.record import CODE, Column


def standing(tree: dict, reading: Reading) -> dict[str, Any]:
    """Return what indicators need: sex, the communes lived in with their days, and the days of identifiers in force.

    `home_unit` and `home_days` go together, a stay each. A person who does not count (inactive, dead without a
    date) lives nowhere. `home_guessed` is kept when the era of a commune's code was not stated.
    """
    homes = residence(tree, reading)
    stays = [(unit, days) for unit, spans in homes.days.items() for days in to_ranges(spans)]
    found: dict[str, Any] = {
        "sex": tree.get("gender", "unknown"),
        "home_unit": [unit for unit, _ in stays],
        "home_days": [days for _, days in stays],
    }
    if homes.guessed:
        found["home_guessed"] = True
    for name, systems in (("identified", (NATIONAL_ID, INSURANCE_NUMBER)), ("book", (E_BOOK,))):
        days = _in_force(tree, reading, systems)
        if days:
            found[name] = days
    return found


def _in_force(tree: dict, reading: Reading, systems: tuple[str, ...]) -> list[Range]:
    """Return the days on which an identifier of these systems is in force."""
    spans = (
        of_period(item.get("period"), reading.zone)
        for item in tree.get("identifier", ())
        if item.get("system") in systems and "value" in item
    )
    return to_ranges(span for span in spans if span.start < span.end)


PATIENT = ResourceType(
    name="Patient",
    title="A person under the care of a health station",
    title_vi="Người dân do trạm y tế quản lý",
    is_person=True,
    search=(
        *person(),
        token("active", of=values.flags),
        date("birthdate", "birthDate", indexed=True),
        date("death-date", "deceasedDateTime"),
        # Its expression (`Patient.deceased.exists() and Patient.deceased != false`) is false where there is none.
        token("deceased", "deceasedBoolean", "deceasedDateTime", of=values.present, absent=" false"),
        reference(
            "general-practitioner", "generalPractitioner", to=("Organization", "Practitioner", "PractitionerRole")
        ),
        token("identifier", of=values.identifiers, indexed=True),
        token("language", "communication.language", of=values.concepts),
        reference("link", "link.other", to=("Patient", "RelatedPerson")),
        string("name", of=values.human_names, indexed=True, beside="birthdate"),
        reference("organization", "managingOrganization", to=("Organization",)),
    ),
    derived=Derived(
        (
            Column("sex", CODE),
            Column("home_unit", ARRAY(CODE)),
            Column("home_days", ARRAY(DATERANGE())),
            Column("home_guessed", Boolean()),
            Column("identified", DATEMULTIRANGE()),
            Column("book", DATEMULTIRANGE()),
        ),
        standing,
    ),
    rules=(shapes,),
    claims=national_numbers,
    reach=lambda tree, reading: [*lived(tree, reading), *organizations(tree.get("managingOrganization"))],
    proof=proof,
    operations=(MATCH, MERGE, UNMERGE, SUMMARY),
    example={
        "resourceType": "Patient",
        "identifier": [{"system": NATIONAL_ID, "value": "010190000123"}],
        "active": True,
        "name": [{"use": "official", "text": "Lý Thị Mẫu", "family": "Lý", "given": ["Thị", "Mẫu"]}],
        "gender": "female",
        "birthDate": "1990-05-17",
        "address": [
            {
                "use": "home",
                "text": "Thôn Mẫu 1",
                "extension": [
                    {
                        "url": "https://tramy.vn/fhir/StructureDefinition/commune",
                        "valueCoding": {"code": "00004", "version": "2025-07"},
                    }
                ],
            }
        ],
    },
)
