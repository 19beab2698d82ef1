"""Modifiers on codes, identifiers and addresses. https://hl7.org/fhir/R4/search.html#modifiers"""

import httpx
import pytest

from tests.api.records import SYSTEM, example, fresh, record_ids

GENDERS = "http://hl7.org/fhir/ValueSet/administrative-gender"
STATUSES = "http://hl7.org/fhir/ValueSet/encounter-status"
ICD = "http://hl7.org/fhir/sid/icd-10"
TYPE = "http://terminology.hl7.org/CodeSystem/v2-0203"


@pytest.fixture(scope="session")
async def stem(shared: tuple[object, httpx.AsyncClient]) -> str:
    """Store people and visits whose codes have words, types and addresses, and return what their ids begin with."""
    client, stem = shared[1], fresh("mod")
    meta = {"tag": [{"code": stem}]}

    def reason(*, text: str = "", display: str = "") -> list[dict]:
        coding = {"coding": [{"system": ICD, "code": "I10", "display": display}]} if display else {}
        return [{**coding, **({"text": text} if text else {})}]

    identified = [
        {"system": SYSTEM, "value": "MR-7", "type": {"coding": [{"system": TYPE, "code": "MR"}], "text": "Số bệnh án"}}
    ]
    records = [
        (
            "Patient",
            "0",
            {"identifier": identified, "gender": "male", "meta": {**meta, "profile": ["http://a.example/p/one"]}},
        ),
        ("Patient", "1", {"identifier": [{"system": SYSTEM, "value": "MR-7"}], "gender": "female"}),
        ("Patient", "2", {"gender": None, "meta": {**meta, "profile": ["http://a.example/p"]}}),
        ("Encounter", "3", {"reasonCode": reason(text="Tăng huyết áp"), "status": "finished"}),
        ("Encounter", "4", {"reasonCode": reason(display="Essential hypertension"), "status": "planned"}),
        ("Encounter", "5", {"reasonCode": None, "status": "arrived"}),
    ]
    for kind, name, elements in records:
        made = {**example(kind), "id": f"{stem}-{name}", "meta": meta, **elements}
        if kind == "Encounter":
            made["subject"] = {"reference": f"Patient/{stem}-0"}
        made = {key: value for key, value in made.items() if value is not None}
        answer = await client.put(f"/{kind}/{stem}-{name}", json=made)
        assert answer.status_code == 201, answer.text
    return stem


QUERIES: dict[str, str] = {
    "Encounter?reason-code:text=tang": "3",
    "Encounter?reason-code:text=TĂNG HUYẾT": "3",
    "Encounter?reason-code:text=huyet ap": "3",
    "Encounter?reason-code:text=hyper": "4",
    "Encounter?reason-code:text=essential hyper": "4",
    "Encounter?reason-code:text=uyet": "",
    "Encounter?reason-code:text=ap,hypertension": "34",
    "Encounter?reason-code=tang": "",
    "Encounter?reason-code:missing=true": "5",
    "Encounter?reason-code:not=I10": "35",
    "Patient?identifier:of-type={type}|MR|MR-7": "0",
    "Patient?identifier:of-type={type}|mr|mr-7": "0",
    "Patient?identifier:of-type={type}|PPN|MR-7": "",
    "Patient?identifier:text=so benh an": "0",
    "Patient?gender:in={genders}": "01",
    "Patient?gender:not-in={genders}": "2",
    "Patient?_profile:below=http://a.example/p": "02",
    "Patient?_profile:below=http://a.example/p/one": "0",
    "Patient?_profile:below=http://a.example/": "02",
    "Patient?_profile:above=http://a.example/p/one/two": "02",
    "Patient?_profile:above=http://a.example/p": "2",
    "Patient?_profile=http://a.example/p": "2",
    "Encounter?status:in={statuses}": "345",
    "Encounter?status:not-in={statuses}": "",
    "Encounter?status:below=http://hl7.org/fhir/encounter-status|planned": "4",
    "Encounter?status:above=finished": "3",
    "Encounter?reason-code:below={icd}|I10": "4",
}


@pytest.mark.parametrize("query", list(QUERIES))
async def test_a_modifier_finds(client: httpx.AsyncClient, stem: str, query: str) -> None:
    filled = query.format(type=TYPE, genders=GENDERS, statuses=STATUSES, icd=ICD)
    found = record_ids(await client.get(f"/{filled}&_tag={stem}"))
    assert "".join(sorted(record.removeprefix(f"{stem}-") for record in found)) == QUERIES[query]


@pytest.mark.parametrize(
    "query",
    [
        "Patient?gender:in=http://a.example/none",
        "Patient?gender:text=male",
        "Patient?active:in=" + GENDERS,
        "Patient?identifier:in=" + GENDERS,
        "Patient?identifier:of-type=MR|1",
        "Patient?identifier:of-type=a|b|",
        "Encounter?reason-code:of-type=a|b|c",
        "Encounter?reason-code:below=I10",
        "Encounter?reason-code:text=+",
        "Encounter?date:exact=2026",
        "Patient?birthdate:contains=2026",
        "Patient?_lastUpdated:not=2026",
        "Patient?name:unknown=a",
        "Patient?_count:exact=1",
    ],
)
async def test_a_modifier_that_means_nothing_there_is_refused(client: httpx.AsyncClient, query: str) -> None:
    assert (await client.get(f"/{query}")).status_code == 400
