"""Practitioner: a doctor, nurse or vaccinator (nhân viên y tế). https://hl7.org/fhir/R4/practitioner.html"""

from app.fhir.resource_type import ResourceType
from app.fhir.search import values
from app.resources.declare import person, string, token

PRACTITIONER = ResourceType(
    name="Practitioner",
    title="A doctor, nurse or vaccinator",
    title_vi="Nhân viên y tế",
    search=(
        *person(),
        token("active", of=values.flags),
        token("communication", of=values.concepts),
        token("identifier", of=values.identifiers, indexed=True),
        string("name", of=values.human_names),
    ),
    example={
        "resourceType": "Practitioner",
        "active": True,
        "name": [{"text": "Hoàng Văn Mẫu", "family": "Hoàng", "given": ["Văn", "Mẫu"]}],
    },
)
