"""Shipped code lists and the operations on them. https://hl7.org/fhir/R4/terminology-service.html"""

from datetime import date
from typing import Any

import httpx
import pytest

from app.fhir.definitions import codes
from app.fhir.published import terminology
from app.fhir.published.files import read_json
from app.fhir.published.units import SYSTEM as UNITS
from app.places import load
from app.resources.registry import registry

GENDERS = "http://hl7.org/fhir/administrative-gender"
GROUPS = "http://fhir.ehealth.gov.vn/core/CodeSystem/vn-core-race"
VALUE_SETS = "https://tramy.vn/fhir/ValueSet"
OURS = f"{VALUE_SETS}/dan-toc"
PLACES = f"{VALUE_SETS}/don-vi-hanh-chinh"


async def ask(client: httpx.AsyncClient, path: str, status: int = 200, /, **query: Any) -> dict[str, Any]:
    answer = await client.get(f"/{path}", params=query)
    assert answer.status_code == status, answer.text
    return answer.json()


def told(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters that are plain values."""
    return {
        item["name"]: value for item in answer["parameter"] for name, value in item.items() if name.startswith("value")
    }


def properties(answer: dict[str, Any]) -> set[tuple[str, Any]]:
    """Return the properties that a lookup tells."""
    parts = [item["part"] for item in answer["parameter"] if item["name"] == "property"]
    return {
        (code["valueCode"], next(value for name, value in rest.items() if name.startswith("value")))
        for code, rest in parts
    }


def test_the_codes_of_a_bound_value_set_are_those_that_are_enforced() -> None:
    for url in ("administrative-gender", "encounter-status", "immunization-status", "fm-status", "location-status"):
        address = f"http://hl7.org/fhir/ValueSet/{url}"
        assert terminology.value_set_codes(address) == codes(address)
    assert terminology.value_set_codes("http://hl7.org/fhir/ValueSet/none") is None
    assert terminology.value_set_codes(f"{PLACES}|1999") is None


def test_every_value_set_has_codes_of_shipped_systems_only() -> None:
    for tree in terminology.value_set_trees():
        found = terminology.value_set_codes(tree["url"], tree.get("version", ""))
        assert found
        for system, code in found:
            known = [item for item in terminology.code_system_trees() if item["url"] == system]
            assert known, code


def test_a_code_alone_is_above_and_below_itself_where_nothing_is_known() -> None:
    assert terminology.below("http://hs.example/x", "1") == terminology.above("http://hs.example/x", "1") == {"1"}
    assert terminology.below(GENDERS, "male") == {"male"}
    assert terminology.above(GENDERS, "no such code") == {"no such code"}


def test_units_stand_below_those_they_belong_to_in_each_era() -> None:
    assert terminology.above(UNITS, "00004") == {"00004", "01"}
    assert terminology.above(f"{UNITS}|2004", "00004") == {"00004", "001", "01"}
    assert len(terminology.below(UNITS, "01")) == 127
    assert "00004" in terminology.below(f"{UNITS}|2004", "001")


@pytest.mark.parametrize(("version", "communes"), [("2025-07", 3321), ("2004", 10035)])
def test_the_communes_of_an_era_are_those_that_figures_know(version: str, communes: int) -> None:
    system = terminology.code_system(UNITS, version)
    assert system
    listed = [code for code in system.concepts if len(code) == 5]
    assert len(listed) == communes
    assert system.tree["count"] == len(system.concepts)
    assert all(load().state(code, version, date(2026, 1, 1), None).key for code in listed)


def test_every_count_is_the_number_of_concepts_and_every_code_stands_once() -> None:
    def listed(items: list[dict[str, Any]]) -> list[str]:
        return [code for item in items for code in (item["code"], *listed(item.get("concept", [])))]

    for tree in terminology.code_system_trees():
        every = listed(tree["concept"])
        assert tree["count"] == len(every) == len(set(every)), tree["id"]
        assert tree["copyright"], tree["id"]


def test_every_text_is_of_a_code_that_is_bound_and_every_code_of_such_a_system_has_one() -> None:
    for url, texts in read_json("terminology", "r4-texts.json").items():
        system = terminology.code_system(url)
        assert system
        assert texts.keys() == system.concepts.keys(), url
        assert all(concept.display("vi") != "" for concept in system.concepts.values())


async def test_expand_gives_every_code_with_its_text(client: httpx.AsyncClient) -> None:
    found = (await ask(client, "ValueSet/$expand", url=OURS))["expansion"]
    assert found["total"] == 56 == len(found["contains"])
    assert found["contains"][0] == {"system": GROUPS, "code": "01", "display": "Kinh"}
    assert "offset" not in found
    by_id = await ask(client, "ValueSet/dan-toc/$expand")
    assert by_id["expansion"]["contains"] == found["contains"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("hmong", ["08"]), ("HMÔNG", ["08"]), ("kieu", ["23"]), ("0", None), ("gia", ["10", "25"]), ("zzz", [])],
)
async def test_expand_filters_without_regard_to_accents(
    client: httpx.AsyncClient, typed: str, expected: list[str] | None
) -> None:
    found = (await ask(client, "ValueSet/$expand", url=OURS, filter=typed))["expansion"]
    listed = [item["code"] for item in found.get("contains", [])]
    assert found["total"] == len(listed)
    assert listed == (expected if expected is not None else [f"{number:02}" for number in range(1, 10)])


async def test_expand_walks_a_big_list_in_pages(client: httpx.AsyncClient) -> None:
    whole = await ask(client, "ValueSet/$expand", url=PLACES)
    assert whole["expansion"]["total"] == 3355
    assert len(whole["expansion"]["contains"]) == 1000
    assert {"name": "count", "valueInteger": 1000} in whole["expansion"]["parameter"]
    walked: list[str] = []
    while len(walked) < 3355:
        page = (await ask(client, "ValueSet/$expand", url=PLACES, offset=len(walked), count=900))["expansion"]
        assert page["offset"] == len(walked)
        walked += [item["code"] for item in page["contains"]]
    assert len(set(walked)) == 3355
    past = (await ask(client, "ValueSet/$expand", url=PLACES, offset=4000))["expansion"]
    assert "contains" not in past
    assert (await ask(client, "ValueSet/$expand", url=OURS, count=0))["expansion"]["total"] == 56


async def test_expand_of_an_era_says_which_in_every_code(client: httpx.AsyncClient) -> None:
    for version, name in (("2025-07", "Phường Ba Đình"), ("2004", "Phường Trúc Bạch")):
        for query in ({"url": PLACES, "valueSetVersion": version}, {"url": f"{PLACES}|{version}"}):
            found = (await ask(client, "ValueSet/$expand", **query, filter="00004"))["expansion"]
            assert found["contains"] == [{"system": UNITS, "version": version, "code": "00004", "display": name}]


async def test_texts_are_given_in_the_language_that_is_asked_for(client: httpx.AsyncClient) -> None:
    url = "http://hl7.org/fhir/ValueSet/administrative-gender"
    for language, expected in (("vi", "Nữ"), ("en", "Female"), ("en-US", "Female"), (None, "Female")):
        query = {"displayLanguage": language} if language else {}
        found = (await ask(client, "ValueSet/$expand", url=url, **query))["expansion"]["contains"]
        assert {item["display"] for item in found if item["code"] == "female"} == {expected}
    both = (await ask(client, "ValueSet/$expand", url=url, includeDesignations="true"))["expansion"]["contains"]
    assert {"language": "vi", "value": "Nữ"} in next(item for item in both if item["code"] == "female")["designation"]
    refused = await ask(client, "ValueSet/$expand", 400, url=url, displayLanguage="fr")
    assert refused["issue"][0]["expression"] == ["displayLanguage"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"url": "http://hs.example/none"}, 404),
        ({"url": PLACES, "valueSetVersion": "1999"}, 404),
        ({}, 400),
        ({"url": OURS, "count": "-1"}, 400),
        ({"url": OURS, "count": "x"}, 400),
        ({"url": OURS, "offset": "1.5"}, 400),
        ({"url": OURS, "includeDesignations": "yes"}, 400),
        ({"url": OURS, "filter": ""}, 400),
        ({"url": OURS, "context": "a"}, 400),
    ],
)
async def test_expand_refuses_what_it_does_not_know(
    client: httpx.AsyncClient, query: dict[str, str], status: int
) -> None:
    answer = await ask(client, "ValueSet/$expand", status, **query)
    assert answer["resourceType"] == "OperationOutcome"
    assert "hs.example" not in str(answer)


async def test_an_instance_takes_no_address_beside_its_own(client: httpx.AsyncClient) -> None:
    await ask(client, "ValueSet/dan-toc/$expand", 400, url=OURS)
    await ask(client, "ValueSet/none/$expand", 404)
    await ask(client, "ValueSet/$lookup", 404)


async def test_parameters_may_come_in_a_body(client: httpx.AsyncClient) -> None:
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "url", "valueUri": OURS},
            {"name": "count", "valueInteger": 2},
            {"name": "includeDesignations", "valueBoolean": True},
        ],
    }
    answer = await client.post("/ValueSet/$expand", json=body)
    assert answer.status_code == 200, answer.text
    assert [item["code"] for item in answer.json()["expansion"]["contains"]] == ["01", "02"]


@pytest.mark.parametrize(
    ("query", "result"),
    [
        ({"url": OURS, "system": GROUPS, "code": "05"}, True),
        ({"url": OURS, "system": GROUPS, "code": "05", "display": "KHƠ-ME"}, True),
        ({"url": OURS, "system": GROUPS, "code": "05", "display": "Kinh"}, False),
        ({"url": OURS, "system": GROUPS, "code": "77"}, False),
        ({"url": OURS, "system": GENDERS, "code": "05"}, False),
        ({"url": PLACES, "system": UNITS, "code": "001"}, False),
        ({"url": PLACES, "valueSetVersion": "2004", "system": UNITS, "code": "001"}, True),
        ({"url": PLACES, "system": UNITS, "systemVersion": "2004", "code": "00004"}, False),
    ],
)
async def test_a_code_is_found_in_a_value_set_or_not(
    client: httpx.AsyncClient, query: dict[str, str], result: bool
) -> None:
    answer = told(await ask(client, "ValueSet/$validate-code", **query))
    assert answer["result"] is result
    assert ("message" in answer) is not result
    if query["code"] == "05" and query["system"] == GROUPS:
        assert answer["display"] == "Khơ-me"


async def test_one_known_coding_of_a_concept_is_enough(client: httpx.AsyncClient) -> None:
    concept = {"coding": [{"system": "http://hs.example", "code": "a"}, {"system": GROUPS, "code": "02"}]}
    for path, start in (("ValueSet", [{"name": "url", "valueUri": OURS}]), ("CodeSystem", [])):
        for name, value, result in (
            ("codeableConcept", {"valueCodeableConcept": concept}, True),
            ("coding", {"valueCoding": concept["coding"][1]}, True),
            ("coding", {"valueCoding": {"system": GROUPS, "code": "x"}}, False),
        ):
            body = {"resourceType": "Parameters", "parameter": [*start, {"name": name, **value}]}
            answer = await client.post(f"/{path}/$validate-code", json=body)
            assert answer.status_code == 200, answer.text
            assert told(answer.json())["result"] is result, (path, name)


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("ValueSet", {"url": OURS, "code": "05"}, 400),
        ("ValueSet", {"url": OURS}, 400),
        ("ValueSet", {"url": OURS, "coding": "05"}, 400),
        ("ValueSet", {"url": "http://hs.example/none", "system": GROUPS, "code": "05"}, 404),
        ("CodeSystem", {"url": "http://hs.example/none", "code": "05"}, 404),
        ("CodeSystem", {"code": "05"}, 400),
        ("CodeSystem/dan-toc", {"code": "05", "url": GROUPS}, 400),
        ("CodeSystem/none", {"code": "05"}, 404),
    ],
)
async def test_validate_code_refuses_what_it_cannot_answer(
    client: httpx.AsyncClient, path: str, query: dict[str, str], status: int
) -> None:
    await ask(client, f"{path}/$validate-code", status, **query)


async def test_a_code_is_found_in_a_code_system_or_not(client: httpx.AsyncClient) -> None:
    for code, result in (("05", True), ("77", False)):
        for path, query in (("CodeSystem", {"url": GROUPS}), ("CodeSystem/dan-toc", {})):
            answer = told(await ask(client, f"{path}/$validate-code", code=code, **query))
            assert answer["result"] is result


async def test_lookup_tells_what_a_code_is_and_where_it_stands(client: httpx.AsyncClient) -> None:
    new = await ask(client, "CodeSystem/$lookup", system=UNITS, code="00004")
    old = await ask(client, "CodeSystem/$lookup", system=UNITS, code="00004", version="2004")
    assert (told(new)["display"], told(new)["version"]) == ("Phường Ba Đình", "2025-07")
    assert (told(old)["display"], told(old)["version"]) == ("Phường Trúc Bạch", "2004")
    assert properties(new) == {("parent", "01")}
    assert properties(old) == {("parent", "001")}
    province = await ask(client, "CodeSystem/$lookup", system=UNITS, code="01", property="child")
    assert {name for name, _ in properties(province)} == {"child"}
    assert ("child", "00004") in properties(province)
    visit = await ask(client, "CodeSystem/$lookup", system="https://tramy.vn/CodeSystem/ma-loai-kcb", code="14")
    assert properties(visit) == {("class", "VR")}
    assert told(visit)["display"] == "Khám chữa bệnh từ xa"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"system": UNITS, "code": "99999"}, 404),
        ({"system": "http://hs.example", "code": "1"}, 404),
        ({"system": UNITS, "version": "1999", "code": "00004"}, 404),
        ({"code": "00004"}, 400),
        ({"system": UNITS}, 400),
    ],
)
async def test_lookup_refuses_what_is_not_here(client: httpx.AsyncClient, query: dict[str, str], status: int) -> None:
    answer = await ask(client, "CodeSystem/$lookup", status, **query)
    assert "99999" not in str(answer)


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        ("01", "00004", "subsumes"),
        ("00004", "01", "subsumed-by"),
        ("01", "01", "equivalent"),
        ("04", "00004", "not-subsumed"),
    ],
)
async def test_subsumes_says_how_two_codes_stand(
    client: httpx.AsyncClient, first: str, second: str, outcome: str
) -> None:
    for path, query in (
        ("CodeSystem", {"system": UNITS}),
        ("CodeSystem/don-vi-hanh-chinh-2025-07", {}),
    ):
        answer = await ask(client, f"{path}/$subsumes", codeA=first, codeB=second, **query)
        assert told(answer)["outcome"] == outcome
    await ask(client, "CodeSystem/$subsumes", 404, system=UNITS, codeA=first, codeB="99999")
    await ask(client, "CodeSystem/$subsumes", 400, system=UNITS, codeA=first)


def test_the_codes_of_examples_are_among_the_lists() -> None:
    example = registry()["Immunization"].example["vaccineCode"]["coding"][0]
    pairs = terminology.value_set_codes(f"{VALUE_SETS}/vac-xin")
    assert pairs
    assert (example["system"], example["code"]) in pairs
