"""The organisations that a record says have looked after its person. https://hl7.org/fhir/R4/references.html#Reference"""

import re
from collections.abc import Iterator

_ORGANIZATION = re.compile(r"(Organization/[A-Za-z0-9.-]{1,64})(?:/_history/[A-Za-z0-9.-]{1,64})?")


def organizations(*references: dict | None) -> Iterator[str]:
    """Yield `Organization/id` of each relative reference to one: an address elsewhere names none of ours."""
    for reference in references:
        form = _ORGANIZATION.fullmatch((reference or {}).get("reference", ""))
        if form:
            yield form[1]
