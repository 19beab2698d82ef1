"""A record's life over HTTP, for every type: create, read, vread, update, delete, history."""

import httpx
import pytest

from app.resources.registry import registry

TYPES = [kind.name for kind in registry()]


@pytest.fixture
async def patient(fhir: httpx.AsyncClient) -> str:
    resource = {"resourceType": "Patient", "id": "mau-1", "name": [{"text": "Lý Thị Mẫu"}]}
    assert (await fhir.put("/Patient/mau-1", json=resource)).status_code == 201
    return "mau-1"


@pytest.mark.parametrize("name", TYPES)
async def test_what_is_created_can_be_read(fhir: httpx.AsyncClient, patient: str, name: str) -> None:
    created = await fhir.post(f"/{name}", json=dict(registry()[name].example))
    assert created.status_code == 201, created.text
    assert created.headers["etag"] == 'W/"1"'
    record = created.json()["id"]
    assert created.headers["location"] == f"http://tramy.test/fhir/{name}/{record}/_history/1"
    read = await fhir.get(f"/{name}/{record}")
    assert read.status_code == 200
    assert read.content == created.content
    assert read.headers["content-type"] == "application/fhir+json; charset=utf-8"
