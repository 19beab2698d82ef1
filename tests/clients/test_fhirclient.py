"""fhirclient 4, the SMART client with its own models, against a running service. https://github.com/smart-on-fhir/client-py

Its models are strict: an answer with an element that FHIR R4 does not know would not be read at all.
"""

# The library declares less than it takes and gives, so what types say of it is not what is tested here.
# pyright: reportArgumentType=false, reportOptionalSubscript=false, reportOptionalMemberAccess=false
# pyright: reportAttributeAccessIssue=false, reportGeneralTypeIssues=false, reportOptionalOperand=false
# pyright: reportReturnType=false, reportOptionalIterable=false

from collections.abc import Iterator
from importlib import import_module

import pytest
from fhirclient.client import FHIRClient
from fhirclient.models.bundle import Bundle
from fhirclient.models.encounter import Encounter
from fhirclient.models.operationoutcome import OperationOutcome
from fhirclient.models.parameters import Parameters
from fhirclient.models.patient import Patient
from fhirclient.server import FHIRNotFoundException, FHIRServer
from requests import HTTPError

from app.resources.registry import registry
from tests.api.records import TYPES, example
from tests.clients.invented import SYSTEM, person, person_and_visit, reads, unique, visit

pytestmark = pytest.mark.slow
JSON_PATCH = {"Content-Type": "application/json-patch+json"}


@pytest.fixture
def smart(base: str, token: str) -> Iterator[FHIRClient]:
    client = FHIRClient(settings={"app_id": "tram-y-te", "api_base": base})
    client.server.session.headers["Authorization"] = f"Bearer {token}"
    yield client
    client.server.session.close()


@pytest.fixture
def remote(smart: FHIRClient) -> FHIRServer:
    return smart.server


def made(remote: FHIRServer, name: str, **elements: object) -> Patient:
    """Make a person and return it as it is held."""
    return Patient.read(Patient(person(name, **elements)).create(remote)["id"], remote)


def test_the_client_is_ready_once_it_has_its_token(smart: FHIRClient, token: str) -> None:
    # It reads the addresses of sign-in, knows only that of apps with a person before them, and waits for a token.
    smart.prepare()
    smart.server.auth.access_token = token
    assert smart.ready
    assert smart.server.capabilityStatement.fhirVersion == "4.0.1"


def test_a_record_is_made_read_changed_and_deleted(remote: FHIRServer) -> None:
    sent = Patient(person(unique()))
    patient = Patient.read(sent.create(remote)["id"], remote)
    assert (patient.gender, patient.birthDate.isostring) == ("female", "1990-05-17")
    patient.active = True
    assert patient.update(remote)["meta"]["versionId"] == "2"
    patient.delete(remote)
    with pytest.raises(HTTPError) as gone:
        Patient.read(patient.id, remote)
    assert gone.value.response.status_code == 410


@pytest.mark.parametrize("name", TYPES)
def test_the_models_read_every_type_and_send_it_back_unchanged(remote: FHIRServer, name: str) -> None:
    model = getattr(import_module(f"fhirclient.models.{name.lower()}"), name)
    owner = registry()[name].owner
    held = {owner: {"reference": made(remote, unique()).relativePath()}} if owner else {}
    sent = {key: value for key, value in {**example(name), **held}.items() if key != "id"}
    record = model.read(remote.post_json(name, sent).json()["id"], remote)
    assert record.update(remote)["meta"]["versionId"] == "1"


def test_a_year_of_birth_is_sent_back_as_a_year(remote: FHIRServer) -> None:
    patient = made(remote, unique(), birthDate="1990")
    patient.active = True
    assert patient.update(remote)["birthDate"] == "1990"


def test_a_condition_of_a_create_is_a_header_of_the_session(remote: FHIRServer) -> None:
    name = unique()
    patient = made(remote, name)
    remote.session.headers["If-None-Exist"] = f"identifier={SYSTEM}|{name}"
    assert Patient(person(name)).create(remote)["id"] == patient.id


def test_a_conditional_update_is_sent_as_json(remote: FHIRServer) -> None:
    name = unique()
    address = f"Patient?identifier={SYSTEM}|{name}"
    assert remote.put_json(address, person(name)).status_code == 201
    assert remote.put_json(address, person(name, active=True)).json()["meta"]["versionId"] == "2"


def test_parts_are_changed_by_json_patch_on_the_session(remote: FHIRServer) -> None:
    patient = made(remote, unique())
    operations = [{"op": "add", "path": "/active", "value": True}]
    answer = remote.session.patch(remote.base_uri + patient.relativePath(), json=operations, headers=JSON_PATCH)
    assert Patient(answer.json()).active is True


def test_an_update_of_a_former_version_is_refused(remote: FHIRServer) -> None:
    patient = made(remote, unique())
    patient.active = True
    patient.update(remote)
    remote.session.headers["If-Match"] = 'W/"1"'
    with pytest.raises(HTTPError) as stale:
        patient.update(remote)
    assert stale.value.response.status_code == 412


def test_former_versions_are_read(remote: FHIRServer) -> None:
    patient = made(remote, unique())
    patient.active = True
    patient.update(remote)
    before = Patient.read_from(f"{patient.relativePath()}/_history/1", remote)
    assert before.active is None
    versions = Bundle.read_from(f"{patient.relativePath()}/_history", remote)
    assert [item.resource.meta.versionId for item in versions.entry] == ["2", "1"]
    assert [item.response.status for item in versions.entry] == ["200", "201"]


def test_a_search_takes_several_parameters(remote: FHIRServer) -> None:
    name = unique()
    for year in ("1989", "1990", "1991"):
        made(remote, name, birthDate=year)
    struct = {"family": name, "gender": "female", "birthdate": {"$and": ["ge1990", "le1991"]}, "_sort": "-birthdate"}
    women = Patient.where(struct).perform_resources_iter(remote)
    assert [one.birthDate.as_json() for one in women] == ["1991", "1990"]
    either = Patient.where({"family": {"$exact": name}, "birthdate": {"$or": ["1989", "1991"]}})
    assert len(list(either.perform_resources_iter(remote))) == 2


def test_an_operator_of_the_library_is_refused_and_not_misread(remote: FHIRServer) -> None:
    with pytest.raises(HTTPError) as refused:
        list(Patient.where({"birthdate": {"$gte": "1990"}}).perform_resources_iter(remote))
    assert "birthdate" in refused.value.response.json()["issue"][0]["expression"]


def test_a_search_is_sent_as_a_form(remote: FHIRServer) -> None:
    name = unique()
    made(remote, name)
    answer = remote.post_as_form(f"{remote.base_uri}Patient/_search", {"family": name, "gender": "female"})
    assert Bundle(answer.json()).total == 1


def test_every_page_is_read_to_the_end(remote: FHIRServer) -> None:
    name = unique()
    for _ in range(7):
        made(remote, name)
    everyone = [one.id for one in Patient.where({"family": name, "_count": "3"}).perform_resources_iter(remote)]
    assert len(everyone) == len(set(everyone)) == 7
    pages = Patient.where({"family": name, "_count": "3"}).perform_iter(remote)
    assert [len(page.entry) for page in pages] == [3, 3, 1]


def test_what_a_record_refers_to_comes_with_it_and_is_resolved(remote: FHIRServer) -> None:
    patient = made(remote, unique())
    encounter = Encounter.read(Encounter(visit(patient.relativePath())).create(remote)["id"], remote)
    found = Encounter.where({"_id": encounter.id}).include("subject").perform_resources_iter(remote)
    assert [one.relativePath() for one in found] == [encounter.relativePath(), patient.relativePath()]
    assert encounter.subject.resolved(Patient).id == patient.id


def test_a_transaction_resolves_references_within_itself(remote: FHIRServer) -> None:
    answer = Bundle(Bundle(person_and_visit(unique())).create(remote))
    assert (answer.type, [item.response.status for item in answer.entry]) == ("transaction-response", ["201", "201"])
    person_made, visit_made = (item.response.location.partition("/_history")[0] for item in answer.entry)
    assert Encounter.read_from(visit_made, remote).subject.reference == person_made


def test_a_batch_answers_each_entry_for_itself(remote: FHIRServer) -> None:
    patient = made(remote, unique())
    answer = Bundle(Bundle(reads(patient.relativePath(), "Patient/nobody")).create(remote))
    assert [item.response.status for item in answer.entry] == ["200", "404"]
    assert answer.entry[0].resource.id == patient.id
    assert answer.entry[1].response.outcome.issue[0].code == "not-found"


def test_operations_are_asked_for_as_json(remote: FHIRServer) -> None:
    patient = made(remote, unique())
    outcome = OperationOutcome(remote.post_json("Patient/$validate", patient.as_json()).json())
    assert [issue.severity for issue in outcome.issue] == ["information"]
    everything = Bundle.read_from(f"{patient.relativePath()}/$everything", remote)
    assert [item.resource.id for item in everything.entry] == [patient.id]
    meta = Parameters.read_from(f"{patient.relativePath()}/$meta", remote)
    assert meta.parameter[0].valueMeta.versionId == "1"


def test_an_error_carries_its_outcome_in_the_response(remote: FHIRServer) -> None:
    with pytest.raises(HTTPError) as refused:
        Patient({"gender": "x", "active": True}).create(remote)
    outcome = OperationOutcome(refused.value.response.json())
    assert outcome.issue[0].expression == ["Patient.gender"]
    with pytest.raises(FHIRNotFoundException) as absent:
        Patient.read("nobody", remote)
    assert OperationOutcome(absent.value.response.json()).issue[0].code == "not-found"
