"""The document of a PATCH entry: FHIRPath Patch as Parameters, JSON Patch wrapped in a Binary.

https://hl7.org/fhir/R4/http.html#patch
"""

import binascii
from base64 import b64decode
from typing import Literal, NamedTuple

from app.errors import Invalid

Media = Literal["json", "fhirpath"]
_JSON_PATCH = "application/json-patch+json"


class PatchDocument(NamedTuple):
    """The bytes of a patch, and which of the two languages they are in."""

    raw: bytes
    media: Media


def patch_document(tree: dict, raw: bytes, place: str) -> PatchDocument:
    """Return the patch that the resource of an entry is or wraps. Raises Invalid for any other resource."""
    if tree.get("resourceType") == "Parameters":
        return PatchDocument(raw, "fhirpath")
    if tree.get("resourceType") != "Binary" or not isinstance(tree.get("data"), str):
        raise Invalid.of(
            f"A patch is a Parameters resource (FHIRPath Patch), or a Binary of {_JSON_PATCH} with data.",
            f"PATCH cần tài nguyên Parameters (FHIRPath Patch) hoặc Binary kiểu {_JSON_PATCH} có data.",
            place,
        )
    if str(tree.get("contentType", "")).partition(";")[0].strip().lower() != _JSON_PATCH:
        raise Invalid.of(
            f"The contentType must be {_JSON_PATCH}.", f"contentType phải là {_JSON_PATCH}.", f"{place}.contentType"
        )
    try:
        # Blanks are allowed in base64Binary. https://hl7.org/fhir/R4/datatypes.html#base64Binary
        return PatchDocument(b64decode("".join(tree["data"].split()), validate=True), "json")
    except (binascii.Error, ValueError):
        raise Invalid.of("The data must be base64.", "data phải là base64.", f"{place}.data") from None
