"""fhirpy 2 with asyncio: what a station's program does, against a running service. https://github.com/beda-software/fhir-py"""

# The library declares less than it takes and gives, so what types say of it is not what is tested here.
# pyright: reportArgumentType=false

import asyncio

import pytest
from fhirpy import AsyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound

from tests.clients.invented import SYSTEM, person_and_visit, reads, unique

pytestmark = pytest.mark.slow


@pytest.fixture
def client(base: str, token: str) -> AsyncFHIRClient:
    return AsyncFHIRClient(base, f"Bearer {token}")


async def test_a_record_is_made_read_changed_and_deleted(base: str, token: str) -> None:
    client = AsyncFHIRClient(base, f"Bearer {token}")
    patient = client.resource("Patient", name=[{"text": "Lý Thị Mẫu"}], gender="female", birthDate="1990-05-17")
    await patient.save()
    patient["active"] = True
    await patient.save()
    await patient.refresh()
    assert (patient["meta"]["versionId"], patient["active"]) == ("2", True)
    before = await patient.execute("_history/1", method="get")
    assert "active" not in before
    versions = await patient.execute("_history", method="get")
    assert versions["total"] == 2
    await patient.delete()
    with pytest.raises(ResourceNotFound, match="deleted"):
        await client.get("Patient", patient.id)


async def test_many_conditional_updates_at_once_make_one_person(client: AsyncFHIRClient) -> None:
    name = unique()
    found = client.resources("Patient").search(identifier=f"{SYSTEM}|{name}")
    sent = client.resource("Patient", identifier=[{"system": SYSTEM, "value": name}], gender="female")
    answers = await asyncio.gather(*(found.update(sent) for _ in range(8)))
    assert [created for _, created in answers].count(True) == 1
    assert len({patient.id for patient, _ in answers}) == 1


async def test_every_page_is_read_to_the_end(client: AsyncFHIRClient) -> None:
    name = unique()
    await asyncio.gather(*(client.resource("Patient", name=[{"family": name}]).save() for _ in range(7)))
    women = client.resources("Patient").search(family=name).sort("_lastUpdated").limit(3)
    everyone = [patient.id async for patient in women]
    assert len(everyone) == len(set(everyone)) == 7
    assert (await women.limit(0).fetch_raw()).total == 7


async def test_parts_are_changed_by_json_patch(base: str, token: str, client: AsyncFHIRClient) -> None:
    patient = client.resource("Patient", gender="female")
    await patient.save()
    patching = AsyncFHIRClient(base, f"Bearer {token}", extra_headers={"Content-Type": "application/json-patch+json"})
    operations = [{"op": "add", "path": "/active", "value": True}]
    changed = await patching.execute(patient.reference, "patch", data=operations)
    assert changed["active"] is True


async def test_a_transaction_and_a_batch_are_answered(client: AsyncFHIRClient) -> None:
    answer = await client.execute("", data=person_and_visit(unique()))
    assert [item["response"]["status"] for item in answer["entry"]] == ["201", "201"]
    made = answer["entry"][1]["response"]["location"].partition("/_history")[0]
    answer = await client.execute("", data=reads(made, "Encounter/nobody"))
    assert [item["response"]["status"] for item in answer["entry"]] == ["200", "404"]


async def test_capabilities_and_validation_are_answered(client: AsyncFHIRClient) -> None:
    assert (await client.execute("metadata", method="get"))["fhirVersion"] == "4.0.1"
    assert await client.resource("Patient", gender="female").is_valid()
    assert not await client.resource("Patient", gender="x").is_valid()


async def test_an_error_carries_every_fault_with_its_place(client: AsyncFHIRClient) -> None:
    with pytest.raises(OperationOutcome) as refused:
        await client.resource("Patient", gender="x", birthDate="yesterday").save()
    issues = refused.value.resource["issue"]
    assert [issue["expression"] for issue in issues] == [["Patient.gender"], ["Patient.birthDate"]]
