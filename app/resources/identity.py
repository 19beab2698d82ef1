"""Identifiers of Vietnamese people: their shapes, and the one that is held alone.

Luật Căn cước 26/2023/QH15 (12 digits), QĐ 1351/QĐ-BHXH and QĐ 1666/QĐ-BHXH (cards).
"""

import re
from collections.abc import Iterator

from app.errors import Fault
from app.fhir.resource_type import Claim
from app.resources.systems import CITIZEN_ID, INSURANCE_NUMBER, NATIONAL_ID

_SHAPES = {
    NATIONAL_ID: (re.compile(r"\d{12}", re.ASCII), "12 digits", "12 chữ số"),
    CITIZEN_ID: (re.compile(r"\d{9}", re.ASCII), "9 digits", "9 chữ số"),
    INSURANCE_NUMBER: (
        re.compile(r"[A-Za-z]{2}[1-5]\d{12}|\d{10}|\d{12}", re.ASCII),
        "15 characters (two letters, a digit 1 to 5, 12 digits), or 10 or 12 digits",
        "15 ký tự (hai chữ cái, một chữ số từ 1 đến 5, 12 chữ số), hoặc 10 hoặc 12 chữ số",
    ),
}
_SPARE = str.maketrans("", "", " -.")


def shapes(tree: dict) -> Iterator[Fault]:
    """Yield a fault for each identifier of a known system whose value has not its shape."""
    for index, identifier in enumerate(tree.get("identifier", ())):
        shape = _SHAPES.get(identifier.get("system", ""))
        if shape and "value" in identifier and not shape[0].fullmatch(identifier["value"].translate(_SPARE)):
            yield Fault(
                "value",
                f"This identifier must be {shape[1]}.",
                f"Mã số này phải có dạng: {shape[2]}.",
                f"{tree['resourceType']}.identifier[{index}].value",
            )


def national_numbers(tree: dict) -> list[Claim]:
    """Return the national numbers of a person, each held by one record alone."""
    return [
        Claim(NATIONAL_ID, identifier["value"].translate(_SPARE))
        for identifier in tree.get("identifier", ())
        if identifier.get("system") == NATIONAL_ID and "value" in identifier
    ]
