"""The validator, compiled once, and small resources to break."""

from typing import Any

import pytest

from app.fhir.validation import Validator

TYPES = ("Patient", "Immunization", "Encounter", "Coverage", "Organization", "Location", "Practitioner")


@pytest.fixture(scope="session")
def validator() -> Validator:
    return Validator(TYPES)


@pytest.fixture(scope="session")
def faults(validator: Validator):
    """Give (expression, code) of the faults of a resource, after checking that every fault has both texts."""

    def found(tree: dict[str, Any]) -> list[tuple[str, str]]:
        listed = validator.faults(tree["resourceType"], tree)
        assert all(fault.en and fault.vi for fault in listed)
        return [(fault.expression, fault.code) for fault in listed]

    return found
