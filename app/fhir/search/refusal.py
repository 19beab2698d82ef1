"""The error for a search parameter that is not understood. https://hl7.org/fhir/R4/search.html#errors"""

import re

from app.errors import BadParameter


def refuse(name: str, en: str, vi: str) -> BadParameter:
    """Return the error for a parameter; `name` is shown only when it cannot hold a person's data."""
    shown = name if re.fullmatch(r"[\w:.-]{1,120}", name) else "?"
    return BadParameter.of(f"Search parameter {shown} {en}.", f"Tham số tìm kiếm {shown}: {vi}.", shown)
