"""The search parameters that every type has. https://hl7.org/fhir/R4/search.html#all"""

from app.fhir.resource_type import ResourceType
from app.fhir.search import values
from app.fhir.search.parameter import Parameter

META = (
    Parameter("_profile", "uri", ("meta.profile",), values.uris),
    Parameter("_security", "token", ("meta.security",), values.codings),
    Parameter("_source", "uri", ("meta.source",), values.uris),
    Parameter("_tag", "token", ("meta.tag",), values.codings),
)
COMMON = (
    Parameter("_id", "token", (), values.codes),
    Parameter("_lastUpdated", "date", (), values.times),
    *META,
)
_COMMON = {parameter.name: parameter for parameter in COMMON}


def find(kind: ResourceType, name: str) -> Parameter | None:
    """Return the parameter of that name, the type's own or a common one."""
    return kind.parameters.get(name) or _COMMON.get(name)


def names(kind: ResourceType) -> str:
    """Return the names of all parameters of a type, for a message."""
    return ", ".join(sorted({*kind.parameters, *_COMMON}))
