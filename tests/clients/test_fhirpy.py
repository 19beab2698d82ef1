"""fhirpy 2 without asyncio: the library's usual work against a running service. https://github.com/beda-software/fhir-py"""

# The library declares less than it takes and gives, so what types say of it is not what is tested here.
# pyright: reportArgumentType=false, reportOptionalSubscript=false, reportAttributeAccessIssue=false
# pyright: reportGeneralTypeIssues=false

import pytest
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import MultipleResourcesFound, OperationOutcome, ResourceNotFound

from tests.clients.invented import PERSON, SYSTEM, person, person_and_visit, reads, unique, visit

pytestmark = pytest.mark.slow


@pytest.fixture
def client(base: str, token: str) -> SyncFHIRClient:
    return SyncFHIRClient(base, f"Bearer {token}")


def test_a_record_is_made_read_changed_and_deleted(client: SyncFHIRClient) -> None:
    name = unique()
    patient = client.resource("Patient", name=[{"family": name}], gender="female", birthDate="1990-05-17")
    patient.save()
    assert (patient.id, patient.meta.versionId) == (patient["id"], "1")
    patient["active"] = True
    patient.save()
    assert patient.meta.versionId == "2"
    assert client.get("Patient", patient.id)["active"] is True
    assert client.reference("Patient", patient.id).to_resource()["name"][0]["family"] == name
    patient.delete()
    with pytest.raises(ResourceNotFound, match="deleted"):
        client.get("Patient", patient.id)


def test_what_was_made_in_vietnamese_comes_back_letter_by_letter(client: SyncFHIRClient) -> None:
    patient = client.resource("Patient", name=[{"text": "Đặng Thị Nguyễn Ý"}])
    patient.save()
    assert client.get("Patient", patient.id)["name"] == [{"text": "Đặng Thị Nguyễn Ý"}]


def test_an_unchanged_record_is_not_fetched_again(client: SyncFHIRClient) -> None:
    patient = client.resource("Patient", **person(unique()))
    patient.save()
    patient.refresh()
    assert patient.meta.versionId == "1"
    client.resource("Patient", **{**patient, "active": False}).save()
    patient.refresh()
    assert (patient.meta.versionId, patient["active"]) == ("2", False)


def test_a_person_is_found_or_made_by_one_conditional_update(client: SyncFHIRClient) -> None:
    name = unique()
    found = client.resources("Patient").search(identifier=f"{SYSTEM}|{name}")
    patient, created = found.update(client.resource("Patient", **person(name)))
    assert created
    again, created = found.update(client.resource("Patient", **person(name, active=True)))
    assert (created, again.id, again.meta.versionId) == (False, patient.id, "2")
    assert found.delete() == (None, 204)
    assert found.fetch() == []


def test_a_conditional_create_takes_the_condition_as_a_header(base: str, token: str) -> None:
    name = unique()
    once = SyncFHIRClient(base, f"Bearer {token}", extra_headers={"If-None-Exist": f"identifier={SYSTEM}|{name}"})
    patient, created = once.resources("Patient").get_or_create(once.resource("Patient", **person(name)))
    assert created
    again, created = once.resources("Patient").get_or_create(once.resource("Patient", **person(name)))
    assert (created, again.id) == (False, patient.id)


def test_a_condition_in_the_address_of_a_create_is_refused(client: SyncFHIRClient) -> None:
    name = unique()
    found = client.resources("Patient").search(identifier=f"{SYSTEM}|{name}")
    with pytest.raises(OperationOutcome, match="takes no parameters"):
        found.get_or_create(client.resource("Patient", **person(name)))
    assert found.fetch() == []


def test_parts_are_changed_by_fhirpath_patch(client: SyncFHIRClient) -> None:
    patient = client.resource("Patient", **person(unique()))
    patient.save()
    parts = [
        {"name": "type", "valueCode": "add"},
        {"name": "path", "valueString": "Patient"},
        {"name": "name", "valueString": "active"},
        {"name": "value", "valueBoolean": True},
    ]
    patch = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}
    changed = client.execute(patient.reference, "patch", data=patch)
    assert (changed["meta"]["versionId"], changed["active"]) == ("2", True)


def test_parts_are_changed_by_json_patch(base: str, token: str, client: SyncFHIRClient) -> None:
    patient = client.resource("Patient", **person(unique()))
    patient.save()
    patching = SyncFHIRClient(base, f"Bearer {token}", extra_headers={"Content-Type": "application/json-patch+json"})
    operations = [{"op": "replace", "path": "/birthDate", "value": "1990-05-18"}]
    changed = patching.execute(patient.reference, "patch", data=operations)
    assert changed["birthDate"] == "1990-05-18"


def test_a_patch_of_the_library_itself_is_refused_and_changes_nothing(client: SyncFHIRClient) -> None:
    patient = client.resource("Patient", **person(unique()))
    patient.save()
    with pytest.raises(OperationOutcome, match="FHIRPath Patch"):
        client.patch("Patient", patient.id, active=True)
    assert client.get("Patient", patient.id)["meta"]["versionId"] == "1"


def test_a_search_takes_several_parameters_and_modifiers(client: SyncFHIRClient) -> None:
    name = unique()
    for year in ("1989", "1990", "1991"):
        client.resource("Patient", **person(name, birthDate=year)).save()
    women = client.resources("Patient").search(family=name, gender="female")
    assert [one["birthDate"] for one in women.search(birthdate__ge="1990", birthdate__lt="1991").fetch()] == ["1990"]
    assert [one["birthDate"] for one in women.sort("-birthdate").fetch()] == ["1991", "1990", "1989"]
    assert women.search(name__exact="Thị").limit(0).fetch_raw().total == 3
    assert women.search(birthdate="1991").get()["birthDate"] == "1991"
    assert women.sort("birthdate").first()["birthDate"] == "1989"
    assert [sorted(one) for one in women.elements("birthDate").fetch()] == [
        ["birthDate", "id", "meta", "resourceType"]
    ] * 3
    with pytest.raises(MultipleResourcesFound):
        women.get()


def test_records_are_found_by_what_refers_to_them_and_come_with_it(client: SyncFHIRClient) -> None:
    name = unique()
    patient = client.resource("Patient", **person(name))
    patient.save()
    encounter = client.resource("Encounter", **{**visit(""), "subject": patient.to_reference()})
    encounter.save()
    assert client.resources("Encounter").search(patient__Patient__family=name).fetch() == [encounter]
    assert client.resources("Patient").has("Encounter", "subject", _id=encounter.id).fetch() == [patient]
    with_visits = client.resources("Patient").search(_id=patient.id).revinclude("Encounter", "subject").fetch_raw()
    assert [item.resource.resource_type for item in with_visits.entry] == ["Patient", "Encounter"]
    assert encounter["subject"].to_resource() == patient
    everything = patient.execute("$everything", method="get")
    assert sorted(item["resource"]["id"] for item in everything["entry"]) == sorted([patient.id, encounter.id])


def test_every_page_is_read_to_the_end(client: SyncFHIRClient) -> None:
    name = unique()
    for _ in range(7):
        client.resource("Patient", **person(name)).save()
    everyone = [patient.id for patient in client.resources("Patient").search(family=name).limit(3)]
    assert len(everyone) == len(set(everyone)) == 7
    assert len(client.resources("Patient").search(family=name).limit(2).fetch_all()) == 7


def test_a_count_of_the_library_needs_lenient_handling(base: str, token: str, client: SyncFHIRClient) -> None:
    name = unique()
    client.resource("Patient", **person(name)).save()
    with pytest.raises(OperationOutcome, match="_totalMethod"):
        client.resources("Patient").search(family=name).count()
    assert client.resources("Patient").search(family=name).limit(0).fetch_raw().total == 1
    lenient = SyncFHIRClient(base, f"Bearer {token}", extra_headers={"Prefer": "handling=lenient"})
    assert lenient.resources("Patient").search(family=name).count() == 1


def test_former_versions_are_read(client: SyncFHIRClient) -> None:
    patient = client.resource("Patient", **person(unique()))
    patient.save()
    patient["active"] = True
    patient.save()
    versions = patient.execute("_history", method="get")
    assert [item["resource"]["meta"]["versionId"] for item in versions["entry"]] == ["2", "1"]
    assert "active" not in patient.execute("_history/1", method="get")


def test_a_transaction_resolves_references_within_itself(client: SyncFHIRClient) -> None:
    name = unique()
    answer = client.resource("Bundle", **person_and_visit(name)).save()
    assert (answer["type"], [item["response"]["status"] for item in answer["entry"]]) == (
        "transaction-response",
        ["201", "201"],
    )
    encounter = client.resources("Encounter").search(patient__Patient__family=name).get()
    assert encounter["subject"].reference != PERSON
    assert encounter["subject"].to_resource()["name"][0]["family"] == name


def test_a_batch_answers_each_entry_for_itself(client: SyncFHIRClient) -> None:
    patient = client.resource("Patient", **person(unique()))
    patient.save()
    answer = client.execute("", data=reads(patient.reference, "Patient/nobody"))
    assert [item["response"]["status"] for item in answer["entry"]] == ["200", "404"]


def test_the_capabilities_are_read(client: SyncFHIRClient) -> None:
    assert client.execute("metadata", method="get")["fhirVersion"] == "4.0.1"


def test_a_record_is_checked_before_it_is_sent(client: SyncFHIRClient) -> None:
    assert client.resource("Patient", **person(unique())).is_valid()
    wrong = client.resource("Patient", **person(unique(), gender="x"))
    assert not wrong.is_valid()
    with pytest.raises(OperationOutcome, match=r"Patient\.gender"):
        wrong.is_valid(raise_exception=True)


def test_an_error_carries_every_fault_with_its_place(client: SyncFHIRClient) -> None:
    with pytest.raises(OperationOutcome) as refused:
        client.resource("Patient", gender="x", birthDate="yesterday").save()
    issues = refused.value.resource["issue"]
    assert [issue["expression"] for issue in issues] == [["Patient.gender"], ["Patient.birthDate"]]
    with pytest.raises(OperationOutcome, match="shoe"):
        client.resources("Patient").search(shoe="1").fetch()
    with pytest.raises(ResourceNotFound):
        client.get("Patient", "nobody")
