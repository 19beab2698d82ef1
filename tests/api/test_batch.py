"""batch: each entry for itself, its outcome at its place. https://hl7.org/fhir/R4/http.html#brules"""

import httpx
import pytest

from tests.api.records import bundle, entry, example, fresh, patient, statuses, visit


async def test_an_entry_that_fails_stops_no_other(client: httpx.AsyncClient) -> None:
    record, other = fresh("batch"), fresh("batch")
    table = [
        (entry("PUT", f"Patient/{record}", patient(record)), "201"),
        (entry("POST", "Patient", {"resourceType": "Patient", "gender": "x"}), "400"),
        (entry("POST", "Encounter", visit("", f"Patient/{record}")), "201"),
        (entry("POST", "Encounter", visit("", "Patient/nobody")), "422"),
        (entry("PUT", f"Patient/{record}", patient(record), ifMatch='W/"7"'), "412"),
        (entry("PUT", f"Patient/{record}", patient(record, gender="male"), ifMatch='W/"1"'), "200"),
        (entry("GET", f"Patient/{record}"), "200"),
        (entry("GET", f"Patient/{record}/_history/1"), "200"),
        (entry("GET", f"Encounter?patient={record}"), "200"),
        (entry("GET", f"Encounter?patient={record}&foo=1"), "400"),
        (entry("GET", "Patient/nobody"), "404"),
        (entry("GET", "Observation/1"), "404"),
        (entry("PATCH", f"Patient/{record}"), "400"),
        (entry("PUT", "Patient", patient(record)), "400"),
        (entry("DELETE", f"Patient/{record}"), "409"),
        (entry("POST", "Patient", patient("x"), ifNoneExist=f"_id={record}"), "200"),
        (entry("POST", "", {"resourceType": "Bundle", "type": "batch"}), "400"),
        (entry("PUT", f"Organization/{other}", example("Organization", id=other)), "201"),
        (entry("DELETE", f"Organization/{other}"), "204"),
        (entry("GET", f"Organization/{other}"), "410"),
        ({}, "400"),
    ]
    answer = await client.post("/", json=bundle(*(item for item, _ in table), kind="batch"))
    assert answer.status_code == 200, answer.text
    assert answer.json()["type"] == "batch-response"
    assert statuses(answer) == [status for _, status in table]
    for item, status in zip(answer.json()["entry"], statuses(answer), strict=True):
        assert ("outcome" in item["response"]) == (status >= "400")
    place = answer.json()["entry"][1]["response"]["outcome"]["issue"][0]["expression"]
    assert place == ["Bundle.entry[1].resource.gender"]


@pytest.mark.parametrize(("prefer", "shown"), [("minimal", False), ("representation", True)])
async def test_resources_are_given_back_as_preferred(client: httpx.AsyncClient, prefer: str, shown: bool) -> None:
    sent = bundle(entry("POST", "Patient", example("Patient")), kind="batch")
    answer = await client.post("/", json=sent, headers={"prefer": f"return={prefer}"})
    assert ("resource" in answer.json()["entry"][0]) == shown
    assert answer.json()["entry"][0]["response"]["etag"] == 'W/"1"'
