"""Two stations with the same kinds of records, and what tells answers about another's record from nobody's."""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import httpx
from fastapi import FastAPI

from tests.conftest import JSON, as_caller

HERE, THERE = "00004@2025-07", "00008@2025-07"
COMMUNE = "https://tramy.vn/fhir/StructureDefinition/commune"
NUMBER = "http://fhir.ehealth.gov.vn/core/sid/national_id"
CARD = "http://fhir.ehealth.gov.vn/core/sid/health_insurance_number"
HIV = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}
RECORDS = "system/*.cruds tramy/indicators tramy/missing tramy/merge"
PATCH = {"content-type": "application/json-patch+json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}

OWNED = {"Encounter": "kham", "Immunization": "tiem", "Coverage": "the"}
"""The types that belong to a person, with what begins the ids of their records here."""
SHARED = {"Organization": "coso", "Location": "noi", "Practitioner": "bacsi"}
"""The types that belong to nobody."""
IDS = {"Patient": "nguoi", **OWNED, **SHARED}
OTHERS, OWN, NOBODYS = "mot", "hai", "ko0"
"""How the ids end: of the first station, of the second one, who asks, and of records that there never were."""


class Two(NamedTuple):
    """The application with clients of two stations, and of one that sees the country."""

    app: FastAPI
    one: httpx.AsyncClient
    other: httpx.AsyncClient
    whole: httpx.AsyncClient


def client_of(app: FastAPI, who: Mapping[str, str], base: str = "/fhir") -> httpx.AsyncClient:
    """Return a client that sends these headers."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=f"http://tramy.test{base}", headers={**JSON, **who})


async def station(app: FastAPI, place: str, name: str, scopes: str = RECORDS, base: str = "/fhir") -> httpx.AsyncClient:
    """Return a client of a station with an organisation of its own."""
    who = await as_caller(app, place, scopes=scopes, organization=f"Organization/tyt-{name}", client=name)
    return client_of(app, who, base)


def patient(record_id: str, commune: str = "00004", number: str = "", **more: Any) -> dict[str, Any]:
    """Return somebody who lives in a commune."""
    return {
        "resourceType": "Patient",
        "id": record_id,
        **({"identifier": [{"system": NUMBER, "value": number}]} if number else {}),
        "name": [{"text": f"Lý Thị Mẫu {record_id}"}],
        "gender": "female",
        "birthDate": "1990-05-17",
        "address": [{"extension": [{"url": COMMUNE, "valueCoding": {"code": commune, "version": "2025-07"}}]}],
        **more,
    }


def visit(record_id: str, owner: str, **more: Any) -> dict[str, Any]:
    """Return a visit of somebody."""
    return {
        "resourceType": "Encounter",
        "id": record_id,
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": {"reference": f"Patient/{owner}"},
        "period": {"start": "2026-03-02", "end": "2026-03-02"},
        **more,
    }


def record(kind: str, record_id: str, owner: str, **more: Any) -> dict[str, Any]:
    """Return a record of any served type; `owner` is the person of one that belongs to a person."""
    refers = {"reference": f"Patient/{owner}"}
    made: dict[str, dict[str, Any]] = {
        "Encounter": visit(record_id, owner),
        "Immunization": {
            "status": "completed",
            "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "102"}]},
            "patient": refers,
            "occurrenceDateTime": "2026-03-02",
        },
        "Coverage": {
            "status": "active",
            "beneficiary": refers,
            "period": {"start": "2026-01-01", "end": "2026-12-31"},
            "payor": [{"display": "Bảo hiểm xã hội Việt Nam"}],
        },
        "Organization": {"name": f"Trạm y tế {record_id}"},
        "Location": {"name": f"Phòng {record_id}"},
        "Practitioner": {"name": [{"text": f"Hoàng Văn {record_id}"}]},
    }
    if kind == "Patient":
        return patient(record_id, **more)
    return {"resourceType": kind, "id": record_id, **made[kind], **more}


def alike(answer: httpx.Response, ids: Mapping[str, str]) -> tuple[int, dict[str, str], str]:
    """Return status, headers and body of an answer without the ids that were asked for, and without instants."""
    text = answer.text
    for record_id, name in ids.items():
        text = text.replace(record_id, name)
    text = re.sub(r"\d{4}-\d\d-\d\dT[0-9:.]+(Z|\+\d\d:\d\d)", "<instant>", text)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>", text)
    text = re.sub(r"_page=[\w-]+", "_page=<sealed>", text)
    changing = ("date", "x-request-id", "last-modified", "ratelimit", "content-length", "location", "retry-after")
    kept = {name: value for name, value in answer.headers.items() if not name.startswith(changing)}
    kept |= {name: "<given>" for name in ("last-modified", "location") if name in answer.headers}
    return answer.status_code, kept, text


def ids_in(text: str) -> set[str]:
    """Return `Type/id` of every resource that an answer holds, at any depth, and of what entries and links point at."""
    found: set[str] = set()
    if text:
        _walk(json.loads(text), found)
    return found


def _walk(tree: Any, found: set[str]) -> None:
    if isinstance(tree, list):
        for item in tree:
            _walk(item, found)
    elif isinstance(tree, dict):
        if isinstance(tree.get("id"), str) and isinstance(tree.get("resourceType"), str):
            found.add(f"{tree['resourceType']}/{tree['id']}")
        for name in ("fullUrl", "location"):
            form = re.search(r"/([A-Z][A-Za-z]+/[A-Za-z0-9.-]+)(?:/_history/\d+)?$", str(tree.get(name, "")))
            found |= {form[1]} if form else set()
        for value in tree.values():
            _walk(value, found)
