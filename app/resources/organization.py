"""Organization: a station, a hospital, an insurer (cơ sở y tế, cơ quan). https://hl7.org/fhir/R4/organization.html"""

from app.fhir.resource_type import ResourceType
from app.fhir.search import values
from app.resources.declare import address, phonetic, reference, string, token

ORGANIZATION = ResourceType(
    name="Organization",
    title="A station, a hospital, an insurer",
    title_vi="Cơ sở y tế hoặc cơ quan",
    search=(
        *address(),
        token("active", of=values.flags),
        reference("endpoint", to=("Endpoint",)),
        token("identifier", of=values.identifiers, indexed=True),
        string("name", "name", "alias"),
        reference("partof", "partOf", to=("Organization",)),
        phonetic(of=values.sounds),
        token("type", of=values.concepts),
    ),
    example={
        "resourceType": "Organization",
        "identifier": [
            {"system": "http://fhir.ehealth.gov.vn/core/sid/provider-medical-license-number", "value": "10999"}
        ],
        "active": True,
        "name": "Trạm y tế xã Mẫu",
    },
)
