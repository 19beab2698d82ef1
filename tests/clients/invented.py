"""Invented records for the client libraries; every call makes a name that nobody else has."""

from typing import Any
from uuid import uuid4

SYSTEM = "http://station.example/ids"
PERSON = "urn:uuid:0b9a6f0e-6d8c-4f57-9d3c-0a4a5a1f0001"


def unique() -> str:
    """Return a name for one test alone."""
    return f"mau-{uuid4().hex}"


def person(name: str, **elements: Any) -> dict[str, Any]:
    """Return a Patient whose family name and identifier are the name given."""
    return {
        "resourceType": "Patient",
        "identifier": [{"system": SYSTEM, "value": name}],
        "name": [{"text": f"{name} Thị Mẫu", "family": name, "given": ["Thị", "Mẫu"]}],
        "gender": "female",
        "birthDate": "1990-05-17",
        **elements,
    }


def visit(subject: str) -> dict[str, Any]:
    """Return a finished Encounter of a patient."""
    return {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": subject},
        "period": {"start": "2026-03-02T06:30:00+07:00"},
    }


def person_and_visit(name: str) -> dict[str, Any]:
    """Return a transaction that makes a person and a visit which refers to the person within the bundle."""
    entries = [
        {"fullUrl": PERSON, "resource": person(name), "request": {"method": "POST", "url": "Patient"}},
        {"resource": visit(PERSON), "request": {"method": "POST", "url": "Encounter"}},
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def reads(*urls: str) -> dict[str, Any]:
    """Return a batch that reads addresses."""
    entries = [{"request": {"method": "GET", "url": url}} for url in urls]
    return {"resourceType": "Bundle", "type": "batch", "entry": entries}
