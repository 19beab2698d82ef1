"""The profiles that a resource of a type can be asked to conform to. https://hl7.org/fhir/R4/profiling.html

Those that are shipped state in FHIR what the rules of their type check (schemas/profiles/README.md), so whoever has
checked a resource by the rules of its type has checked it against them.
"""

import json
from functools import cache
from typing import Any

from app.errors import BadParameter
from app.fhir.definitions import SCHEMAS
from app.fhir.resource_type import ResourceType

_R4 = "http://hl7.org/fhir/StructureDefinition/"
_UNTYPED = frozenset((f"{_R4}Resource", f"{_R4}DomainResource"))


def require_profile(kind: ResourceType, profile: Any) -> None:
    """Raise BadParameter for a profile that is not known here or stands for another type."""
    address = profile.partition("|")[0] if isinstance(profile, str) else ""
    known = {f"{_R4}{kind.name}", *_shipped(kind.name)}
    if address in _UNTYPED or address in known:
        return
    listed = ", ".join(sorted(known))
    raise BadParameter.of(
        f"This is no profile of {kind.name} that is known here; known are {listed}.",
        f"Đây không phải profile của {kind.name} được biết ở đây; có: {listed}.",
        "profile",
        code="not-found",
    )


@cache
def _shipped(type_name: str) -> frozenset[str]:
    """Return the addresses of the profiles of a type that are shipped with the service."""
    files = SCHEMAS.joinpath("profiles").glob("**/*.json")
    found = (json.loads(path.read_text(encoding="utf-8")) for path in files)
    return frozenset(item["url"] for item in found if item.get("type") == type_name and "url" in item)
