"""Definitions that are shipped: read, searched, never written. https://hl7.org/fhir/R4/conformance-module.html"""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.fhir.asked import ID, PUBLISHED
from app.fhir.published.search import fields
from app.fhir.search.common import COMMON
from app.resources.registry import registry
from tests.api.records import TYPES, links, places, record_ids

NAMES = list(PUBLISHED)
ALL = {"_count": "1000"}


async def every(client: httpx.AsyncClient, name: str) -> list[dict[str, Any]]:
    answer = await client.get(f"/{name}", params=ALL)
    assert answer.status_code == 200, answer.text
    return [item["resource"] for item in answer.json()["entry"]]


@pytest.mark.parametrize("name", NAMES)
async def test_what_is_shipped_is_valid_fhir_under_one_id_and_address_each(
    shared: tuple[FastAPI, httpx.AsyncClient], name: str
) -> None:
    app, client = shared
    found = await every(client, name)
    assert found
    ids = [item["id"] for item in found]
    assert len(ids) == len(set(ids))
    addresses = [(item["url"], item.get("version")) for item in found]
    assert len(addresses) == len(set(addresses))
    for item in found:
        assert ID.fullmatch(item["id"])
        assert item["url"].startswith(("https://tramy.vn/", "http://")), item["url"]
        assert app.state.service.validator.faults(name, item) == [], item["id"]


@pytest.mark.parametrize("name", NAMES)
async def test_a_definition_that_is_listed_can_be_read(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.get(f"/{name}", params={"_count": "3"})
    for item in answer.json()["entry"]:
        read = await client.get(f"/{name}/{item['resource']['id']}")
        assert read.status_code == 200
        assert read.json() == item["resource"]
        assert item["fullUrl"] == f"http://tramy.test/fhir/{name}/{item['resource']['id']}"
        head = await client.head(f"/{name}/{item['resource']['id']}")
        assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize("name", NAMES)
async def test_what_is_not_shipped_is_not_found_and_nothing_is_written(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/{name}/none")).status_code == 404
    assert (await client.get(f"/{name}/none/_history")).status_code in (404, 405)
    for method, path in (("POST", name), ("PUT", f"{name}/a"), ("DELETE", f"{name}/a"), ("PATCH", f"{name}/a")):
        answer = await client.request(method, f"/{path}", json={"resourceType": name})
        assert answer.status_code == 405
        assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize("name", NAMES)
async def test_pages_hold_everything_once_in_order(client: httpx.AsyncClient, name: str) -> None:
    whole = [item["id"] for item in await every(client, name)]
    size = max(1, len(whole) // 2)
    walked, page = [], await client.get(f"/{name}", params={"_count": str(size)})
    while True:
        assert page.json()["total"] == len(whole)
        walked += record_ids(page)
        assert len(page.json()["entry"]) <= size
        if "next" not in links(page):
            break
        page = await client.get(links(page)["next"])
    assert walked == whole == sorted(whole)
    assert links(page)["self"].endswith(f"/{name}?_count={size}")


@pytest.mark.parametrize("name", NAMES)
async def test_a_search_by_form_is_a_search_by_address(client: httpx.AsyncClient, name: str) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    posted = await client.post(f"/{name}/_search", content="_count=2&status=active", headers=form)
    got = await client.get(f"/{name}?_count=2&status=active")
    assert posted.status_code == 200
    assert record_ids(posted) == record_ids(got)
    assert posted.json()["total"] == got.json()["total"]


@pytest.mark.parametrize("name", NAMES)
async def test_each_parameter_finds_what_it_names(client: httpx.AsyncClient, name: str) -> None:
    found = await every(client, name)
    for field in fields(name).values():
        wanted, value = next((item, value) for item in found for value in field.values(item))
        answer = await client.get(f"/{name}", params={field.name: value, **ALL})
        ids = record_ids(answer)
        assert wanted["id"] in ids, field.name
        assert ids == [item["id"] for item in found if _has(field, item, value)], field.name
        assert record_ids(await client.get(f"/{name}", params={field.name: f"{value}-not"})) == []
        both = await client.get(f"/{name}", params={field.name: f"none,{value}", **ALL})
        assert record_ids(both) == ids


def _has(field: Any, item: dict[str, Any], value: str) -> bool:
    if field.type == "string":
        from app.fhir.fold import fold

        return any(fold(text).startswith(fold(value)) for text in field.values(item))
    return value in field.values(item)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("CodeSystem?title=dan toc", ["dan-toc"]),
        ("CodeSystem?title:contains=DÂN TỘC", ["dan-toc"]),
        ("CodeSystem?title:exact=dan toc", []),
        ("CodeSystem?code=14&version=2026-11&name=MaLoaiKCB", ["ma-loai-kcb"]),
        ("SearchParameter?code=birthdate", ["individual-birthdate"]),
        ("SearchParameter?base=Location&type=special", ["Location-near"]),
        ("SearchParameter?base=http://hl7.org/fhir/resource-types|Location&code=near", ["Location-near"]),
        ("SearchParameter?base=http://hs.example|Location&code=near", []),
        ("StructureDefinition?type=Patient&_sort=-_id", ["tramy-patient", "Patient"]),
        ("StructureDefinition?base=http://hl7.org/fhir/StructureDefinition/Patient", ["tramy-patient"]),
        ("OperationDefinition?base=http://hl7.org/fhir/OperationDefinition/ValueSet-expand", ["ValueSet-expand"]),
        ("CompartmentDefinition?code=Patient", ["patient"]),
        ("CapabilityStatement?status=http://hl7.org/fhir/publication-status|active", ["tramy"]),
    ],
)
async def test_searches_find_what_they_say(client: httpx.AsyncClient, query: str, expected: list[str]) -> None:
    assert record_ids(await client.get(f"/{query}")) == expected


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("nickname=a", "nickname"),
        ("base=Patient", "base"),
        ("url:below=a", "url:below"),
        ("name:missing=true", "name:missing"),
        ("name=", "name"),
        ("_count=x", "_count"),
        ("_count=1&_count=2", "_count"),
        ("_sort=nickname", "_sort"),
        ("_total=none", "_total"),
        ("_summary=all", "_summary"),
        ("_elements=nothing", "_elements"),
        ("_page=abc", "_page"),
    ],
)
async def test_what_is_not_understood_is_refused(client: httpx.AsyncClient, query: str, place: str) -> None:
    answer = await client.get(f"/ValueSet?{query}")
    assert answer.status_code == 400
    assert places(answer) == [place]


async def test_a_link_to_a_page_is_good_for_its_own_search_alone(client: httpx.AsyncClient) -> None:
    following = links(await client.get("/ValueSet?_count=2"))["next"]
    assert (await client.get(following)).status_code == 200
    assert (await client.get(f"{following}&name=a")).status_code == 400
    assert (await client.get(following.replace("/ValueSet", "/CodeSystem"))).status_code == 400


async def test_a_count_and_a_summary_leave_out_what_they_should(client: httpx.AsyncClient) -> None:
    counted = (await client.get("/SearchParameter?_summary=count")).json()
    assert counted["total"] > 100
    assert "entry" not in counted
    for address in ("/CodeSystem/dan-toc?_summary=true", "/CodeSystem?_id=dan-toc&_summary=true"):
        body = (await client.get(address)).json()
        tree = body["entry"][0]["resource"] if body["resourceType"] == "Bundle" else body
        assert "concept" not in tree
        assert (tree["url"], tree["meta"]["tag"][0]["code"]) == (
            "http://fhir.ehealth.gov.vn/core/CodeSystem/vn-core-race",
            "SUBSETTED",
        )
    few = (await client.get("/CodeSystem/dan-toc?_elements=title")).json()
    assert set(few) == {"resourceType", "id", "meta", "title", "status", "content"}
    assert (await client.get("/CodeSystem/dan-toc?_summary=count")).status_code == 400
    assert (await client.get("/CodeSystem/dan-toc?name=a")).status_code == 400


async def test_a_profile_or_list_that_a_statement_names_is_here(client: httpx.AsyncClient) -> None:
    stated = (await client.get("/metadata")).json()["rest"][0]
    for item in stated["resource"]:
        for url in item.get("supportedProfile", []):
            assert (await client.get("/StructureDefinition", params={"url": url})).json()["total"] == 1
        for operation in item.get("operation", []):
            url = operation["definition"]
            found = [(await client.get("/OperationDefinition", params={key: url})).json() for key in ("url", "base")]
            assert sum(bundle["total"] for bundle in found) >= 1, url
    for item in [one for one in stated["resource"] if one["type"] in TYPES]:
        for parameter in item["searchParam"]:
            found = (await client.get("/SearchParameter", params={"url": parameter["definition"]})).json()
            definition = found["entry"][0]["resource"]
            assert item["type"] in definition["base"]
            assert (definition["code"], definition["type"]) == (parameter["name"], parameter["type"])
    for url in stated["compartment"]:
        assert (await client.get("/CompartmentDefinition", params={"url": url})).json()["total"] == 1


async def test_a_search_parameter_is_narrowed_to_the_served_types(client: httpx.AsyncClient) -> None:
    shown = {item["url"]: item for item in await every(client, "SearchParameter")}
    used = {(kind.name, item.name) for kind in registry() for item in (*COMMON, *kind.search)}
    assert {(base, item["code"]) for item in shown.values() for base in item["base"]} == used
    birth = shown["http://hl7.org/fhir/SearchParameter/individual-birthdate"]
    assert (birth["base"], birth["expression"]) == (["Patient"], "Patient.birthDate")
    for item in shown.values():
        assert item.get("expression"), item["url"]
        starts = {part.strip("( ").partition(".")[0] for part in item["expression"].split(" | ")}
        assert starts <= {*item["base"], "Resource"}, item["url"]


async def test_an_operation_that_stands_here_is_defined(client: httpx.AsyncClient) -> None:
    found = {item["id"]: item for item in await every(client, "OperationDefinition")}
    expand = found["ValueSet-expand"]
    assert (expand["system"], expand["type"], expand["instance"]) == (False, True, True)
    assert (expand["resource"], expand["affectsState"]) == (["ValueSet"], False)
    assert {item["name"] for item in expand["parameter"] if item["use"] == "in"} >= {"url", "filter", "count"}


async def test_lenient_handling_leaves_out_what_is_not_known_and_says_so(client: httpx.AsyncClient) -> None:
    answer = await client.get("/ValueSet?nickname=a&_id=dan-toc", headers={"prefer": "handling=lenient"})
    assert answer.status_code == 200
    modes = {item["search"]["mode"]: item["resource"] for item in answer.json()["entry"]}
    assert modes["match"]["id"] == "dan-toc"
    assert modes["outcome"]["issue"][0]["expression"] == ["nickname"]
    assert answer.json()["total"] == 1
    assert "nickname" not in links(answer)["self"]
