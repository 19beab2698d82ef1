"""Small resources and bundles for the tests, and how answers are read."""

import itertools
from typing import Any

import httpx

from app.resources.registry import registry

TYPES = [kind.name for kind in registry()]
PATIENT_TYPES = [kind.name for kind in registry() if kind.owner]
NATIONAL_ID = "http://fhir.ehealth.gov.vn/core/sid/national_id"
SYSTEM = "http://hs.example/ids"
_numbers = itertools.count(1)


def fresh(stem: str = "t") -> str:
    """Return a name that no other test uses."""
    return f"{stem}-{next(_numbers)}"


def national_number() -> str:
    """Return a national number that no other test uses."""
    return f"0011990{next(_numbers):05d}"


def example(name: str, /, **changes: Any) -> dict[str, Any]:
    """Return the registry's example of a type, changed; the number that is held alone is left out."""
    resource = {**registry()[name].example, **changes}
    if name == "Patient" and "identifier" not in changes:
        del resource["identifier"]
    return resource


def identified(value: str, **elements: Any) -> dict[str, Any]:
    """Return an Organization with an identifier."""
    return example("Organization", identifier=[{"system": SYSTEM, "value": value}], **elements)


def urn(number: int) -> str:
    """Return the address of an entry within its bundle."""
    return f"urn:uuid:00000000-0000-4000-8000-{number:012d}"


def patient(record_id: str, *, number: str = "", **elements: Any) -> dict[str, Any]:
    """Return a Patient with an id, and a national number where one is given."""
    identifier = {"identifier": [{"system": NATIONAL_ID, "value": number}]} if number else {}
    return {"resourceType": "Patient", "id": record_id, **identifier, **elements}


def visit(record_id: str, subject: str, **elements: Any) -> dict[str, Any]:
    """Return an Encounter of a patient."""
    held = {"id": record_id} if record_id else {}
    return {**example("Encounter"), **held, "subject": {"reference": subject}, **elements}


def entry(method: str, url: str, resource: dict | None = None, *, full_url: str = "", **request: str) -> dict[str, Any]:
    """Return an entry of a bundle."""
    made: dict[str, Any] = {"request": {"method": method, "url": url, **request}}
    if full_url:
        made["fullUrl"] = full_url
    if resource is not None:
        made["resource"] = resource
    return made


def bundle(*entries: dict, kind: str = "transaction") -> dict[str, Any]:
    """Return a transaction or batch."""
    return {"resourceType": "Bundle", "type": kind, **({"entry": list(entries)} if entries else {})}


def statuses(answer: httpx.Response) -> list[str]:
    """Return the status of each entry of a response bundle."""
    return [item["response"]["status"] for item in answer.json().get("entry", [])]


def record_ids(answer: httpx.Response) -> list[str]:
    """Return the ids of a page of results."""
    assert answer.status_code == 200, answer.text
    return [item["resource"]["id"] for item in answer.json().get("entry", [])]


def lasting(answer: httpx.Response) -> dict[str, str]:
    """Return the headers of an answer without those that differ from one request to the next."""
    return {
        name: value
        for name, value in answer.headers.items()
        if name != "x-request-id" and not name.startswith("ratelimit-")
    }


def links(answer: httpx.Response) -> dict[str, str]:
    """Return the links of a bundle by their relation."""
    return {link["relation"]: link["url"] for link in answer.json().get("link", [])}


def places(answer: httpx.Response) -> list[str]:
    """Return where the faults of an OperationOutcome lie."""
    return [place for issue in answer.json()["issue"] for place in issue.get("expression", [])]


async def count(client: httpx.AsyncClient, query: str) -> int:
    """Return the total of a search."""
    answer = await client.get(f"/{query}&_count=0")
    assert answer.status_code == 200, answer.text
    return answer.json()["total"]
