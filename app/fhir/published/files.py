"""The files below schemas/ that are shipped as they are. https://hl7.org/fhir/R4/json.html"""

import json
from functools import cache
from typing import Any

from app.fhir.definitions import SCHEMAS


@cache
def read_json(*parts: str) -> Any:
    """Return the content of a file below schemas/. It is shared: copy it before changing it."""
    return json.loads(SCHEMAS.joinpath(*parts).read_text(encoding="utf-8"))


def read_folder(*parts: str) -> list[dict[str, Any]]:
    """Return the resources of a folder below schemas/, by file name; files that hold no resource are left out."""
    found = [read_json(*parts, path.name) for path in sorted(SCHEMAS.joinpath(*parts).glob("*.json"))]
    return [tree for tree in found if "resourceType" in tree]
