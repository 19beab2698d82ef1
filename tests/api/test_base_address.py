"""The address of the service: configured, or as each request names it; what carries it is the service's own."""

from collections.abc import AsyncIterator

import httpx
import pytest

from app.config import Settings
from tests.api.records import bundle, count, entry, example, links, patient, statuses, visit
from tests.conftest import opened

BASE = "https://ho-so.example/benh-an/fhir"


@pytest.fixture
async def behind(database: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application that knows its address."""
    async with opened(database, Settings(base_url=BASE)) as (_app, client):
        await client.put("/Patient/a", json=patient("a"))
        yield client


async def test_a_configured_address_is_in_every_link_whatever_the_host(behind: httpx.AsyncClient) -> None:
    evil = {"host": "evil.example"}
    created = await behind.post("/Patient", json=example("Patient"), headers=evil)
    assert created.headers["location"] == f"{BASE}/Patient/{created.json()['id']}/_history/1"
    page = await behind.get("/Patient?_count=1", headers=evil)
    assert links(page)["self"] == f"{BASE}/Patient?_count=1"
    assert links(page)["next"].startswith(f"{BASE}/Patient?")
    assert page.json()["entry"][0]["fullUrl"].startswith(f"{BASE}/Patient/")
    history = await behind.get("/Patient/a/_history", headers=evil)
    assert links(history)["self"] == f"{BASE}/Patient/a/_history"
    assert "evil" not in page.text + history.text + str(created.headers)


@pytest.mark.parametrize(
    ("reference", "status"),
    [
        ("Patient/a", 201),
        ("Patient/a/_history/1", 201),
        (f"{BASE}/Patient/a", 201),
        (f"{BASE}/Patient/b", 422),
        ("https://ho-so.example/fhir/Patient/a", 422),
        (f"{BASE}.evil/Patient/a", 422),
        ("http://tramy.test/fhir/Patient/a", 422),
    ],
)
async def test_a_patient_named_by_this_address_is_the_one_held_here(
    behind: httpx.AsyncClient, reference: str, status: int
) -> None:
    answer = await behind.post("/Encounter", json=visit("", reference))
    assert answer.status_code == status, answer.text
    if status == 201:
        assert answer.json()["subject"]["reference"] == reference
        for asked in ("a", "Patient/a", f"{BASE}/Patient/a"):
            assert await count(behind, f"Encounter?patient={asked}") == 1
        assert (await behind.delete("/Patient/a")).status_code == 409


async def test_references_are_found_with_and_without_this_address(behind: httpx.AsyncClient) -> None:
    for record, reference in (("r", "Organization/o"), ("s", f"{BASE}/Organization/o")):
        sent = example("Location", id=record, managingOrganization={"reference": reference})
        await behind.put(f"/Location/{record}", json=sent)
    for asked in ("o", "Organization/o", f"{BASE}/Organization/o"):
        assert await count(behind, f"Location?organization={asked}") == 2
    assert await count(behind, "Location?organization:Organization=o") == 2


async def test_an_entry_may_carry_this_address(behind: httpx.AsyncClient) -> None:
    sent = bundle(
        entry("GET", f"{BASE}/Patient/a"),
        entry("GET", "/Patient?_id=a"),
        entry("PUT", f"{BASE}/Patient/b", patient("b"), full_url=f"{BASE}/Patient/b"),
        entry("POST", "Encounter", visit("", f"{BASE}/Patient/b")),
    )
    answer = await behind.post("/", json=sent)
    assert statuses(answer) == ["200", "200", "201", "201"]
    assert await count(behind, "Encounter?patient=b") == 1
    foreign = await behind.post("/", json=bundle(entry("DELETE", "https://evil.example/fhir/Patient/a")))
    assert foreign.status_code == 400
    assert (await behind.get("/Patient/a")).status_code == 200
