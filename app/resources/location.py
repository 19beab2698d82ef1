"""Location: a place where care is given (địa điểm, buồng khám). https://hl7.org/fhir/R4/location.html"""

from app.fhir.resource_type import ResourceType
from app.fhir.search import values
from app.fhir.search.parameter import Parameter
from app.resources.declare import address, reference, string, token

LOCATION = ResourceType(
    name="Location",
    title="A place where care is given",
    title_vi="Địa điểm khám chữa bệnh, tiêm chủng",
    search=(
        *address(),
        reference("endpoint", to=("Endpoint",)),
        token("identifier", of=values.identifiers, indexed=True),
        string("name", "name", "alias"),
        Parameter("near", "special", ("position",), values.positions),
        token("operational-status", "operationalStatus", of=values.codings),
        reference("organization", "managingOrganization", to=("Organization",)),
        reference("partof", "partOf", to=("Location",)),
        token("status", of=values.codes, system="http://hl7.org/fhir/location-status"),
        token("type", of=values.concepts),
    ),
    example={
        "resourceType": "Location",
        "status": "active",
        "name": "Phòng tiêm chủng, Trạm y tế xã Mẫu",
        "managingOrganization": {"reference": "Organization/tyt-mau"},
    },
)
