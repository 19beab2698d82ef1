"""Order, pages, totals and links of searches, for every type. https://hl7.org/fhir/R4/search.html#return"""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from fastapi import FastAPI

from tests.api.records import TYPES, example, fresh, links, patient, record_ids

FORM = {"content-type": "application/x-www-form-urlencoded"}
# Sort keys of a type that are missing in some records and equal in others.
KEYS = {
    "Patient": ["birthdate", "name", "gender", "death-date"],
    "Encounter": ["date", "length", "location-period", "status"],
    "Immunization": ["date", "lot-number", "patient"],
    "Coverage": ["dependent", "status", "patient"],
    "Organization": ["name", "active"],
    "Location": ["name", "status", "organization"],
    "Practitioner": ["name", "active", "_lastUpdated"],
}
VARIED = {
    "Patient": [
        {"birthDate": "1990", "name": None},
        {"birthDate": "1990", "name": [{"text": "B"}]},
        {"birthDate": "1991-05-01", "gender": "male", "name": [{"text": "a"}]},
        {"birthDate": None, "name": [{"text": "B"}], "deceasedDateTime": "2026-03-02T08:00:00.123456Z"},
        {"birthDate": None, "name": None, "gender": "male", "deceasedDateTime": "2026-03-02T08:00:00.123457Z"},
    ],
    "Encounter": [
        {"period": None, "length": {"value": 10}},
        {"period": {"end": "2026-03-02"}, "length": {"value": 9.5}},
        {"period": {"start": "2026-03-02"}, "length": {"value": 10.0}},
        {"period": {"start": "2026-03-02"}, "location": [{"location": {"display": "x"}, "period": {"start": "2026"}}]},
        {"status": "planned", "location": [{"location": {"display": "x"}, "period": {"end": "2026"}}]},
    ],
    "Immunization": [
        {"lotNumber": "B"},
        {"lotNumber": "b"},
        {"lotNumber": None},
        {"lotNumber": "á"},
        {"lotNumber": None},
    ],
    "Coverage": [{"dependent": "01"}, {"dependent": "01"}, {}, {"dependent": "00"}, {"status": "cancelled"}],
    "Organization": [{"name": "B"}, {"name": "b"}, {"name": "a", "active": False}, {"active": None}, {"active": None}],
    "Location": [{"name": None}, {"name": "B"}, {"name": "B"}, {"status": None}, {"managingOrganization": None}],
    "Practitioner": [{"name": None}, {"name": None}, {"active": None}, {"name": [{"text": "A"}]}, {}],
}


@pytest.fixture(scope="session")
async def tags(shared: tuple[object, httpx.AsyncClient]) -> dict[str, str]:
    """Store ten records of each type, of which several have the same or no value, and return their tags."""
    client, found = shared[1], {}
    for kind in TYPES:
        found[kind] = fresh("page")
        for number, elements in enumerate(VARIED[kind] * 2):
            kept = {**example(kind), "id": f"{found[kind]}-{number}", "meta": {"tag": [{"code": found[kind]}]}}
            if kind == "Organization":
                kept["identifier"] = [{"value": "x"}]
            kept = {key: value for key, value in {**kept, **elements}.items() if value is not None}
            assert (await client.put(f"/{kind}/{kept['id']}", json=kept)).status_code == 201
    return found


async def walk(client: httpx.AsyncClient, address: str) -> list[str]:
    """Follow the next links and return every id met; the total is the same on each page."""
    page = await client.get(address)
    met = record_ids(page)
    while "next" in links(page):
        following = await client.get(links(page)["next"])
        assert following.json()["total"] == page.json()["total"]
        assert record_ids(following)
        page, met = following, met + record_ids(following)
    assert page.json()["total"] == len(met)
    return met


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("size", [1, 3, 5, 10, 50])
async def test_pages_hold_each_record_once_and_in_order(
    client: httpx.AsyncClient, tags: dict[str, str], kind: str, size: int
) -> None:
    everything = {f"{tags[kind]}-{number}" for number in range(10)}
    for key in ("", "_id", "-_id", *KEYS[kind], f"-{KEYS[kind][0]},{KEYS[kind][1]}"):
        for sign in ("", "-") if key and "," not in key and not key.startswith("-") else ("",):
            address = f"/{kind}?_tag={tags[kind]}&_sort={sign}{key}" if key else f"/{kind}?_tag={tags[kind]}"
            met = await walk(client, f"{address}&_count={size}")
            assert len(met) == 10
            assert set(met) == everything
            assert met == record_ids(await client.get(f"{address}&_count=50"))


@pytest.mark.parametrize(
    ("kind", "key", "rising", "falling"),
    [
        ("Patient", "birthdate", [0, 1, 2], [2, 0, 1]),
        ("Patient", "name", [2, 1, 3], [1, 3, 2]),
        ("Patient", "death-date", [3, 4], [4, 3]),
        ("Encounter", "length", [1, 0, 2], [0, 2, 1]),
        ("Encounter", "date", [1, 2, 3, 4], [4, 2, 3, 1]),
        ("Immunization", "lot-number", [3, 1, 0], [0, 1, 3]),
        ("Organization", "active", [2, 0, 1], [0, 1, 2]),
    ],
)
async def test_missing_values_come_last_either_way(
    client: httpx.AsyncClient, tags: dict[str, str], kind: str, key: str, rising: list[int], falling: list[int]
) -> None:
    five = ",".join(f"{tags[kind]}-{number}" for number in range(5))
    for sign, order in (("", rising), ("-", falling)):
        found = record_ids(await client.get(f"/{kind}?_id={five}&_sort={sign}{key},_id&_tag={tags[kind]}"))
        numbers = [int(record.rpartition("-")[2]) for record in found]
        assert numbers == [*order, *sorted({0, 1, 2, 3, 4} - set(order))], sign


@pytest.mark.parametrize("kind", TYPES)
async def test_a_count_of_nought_asks_for_the_total_only(
    client: httpx.AsyncClient, tags: dict[str, str], kind: str
) -> None:
    answer = await client.get(f"/{kind}?_tag={tags[kind]}&_count=0")
    assert answer.json() == {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": 10,
        "link": [{"relation": "self", "url": f"http://tramy.test/fhir/{kind}?_tag={tags[kind]}&_count=0"}],
    }
    nothing = (await client.get(f"/{kind}?_tag={tags[kind]}-none")).json()
    assert nothing["total"] == 0
    assert "entry" not in nothing


@pytest.mark.parametrize("kind", TYPES)
async def test_a_form_asks_what_an_address_asks(client: httpx.AsyncClient, tags: dict[str, str], kind: str) -> None:
    query = f"_tag={tags[kind]}&_sort=-_id&_count=4"
    got = await client.get(f"/{kind}?{query}")
    posted = await client.post(f"/{kind}/_search", content=query, headers=FORM)
    split = await client.post(f"/{kind}/_search?_tag={tags[kind]}", content="_sort=-_id&_count=4", headers=FORM)
    assert _but_pages(got) == _but_pages(posted) == _but_pages(split)
    assert (await client.post(f"/{kind}/_search", content=query)).status_code == 415
    assert (await client.post(f"/{kind}/_search", content=b"_tag=\xff", headers=FORM)).status_code == 400


def _but_pages(answer: httpx.Response) -> dict[str, Any]:
    """Return a page without the links to others: no two of those are the same text."""
    return {**answer.json(), "link": links(answer)["self"]}


async def test_the_self_link_shows_what_was_understood(client: httpx.AsyncClient) -> None:
    given = "name:contains=Hòa %26 B,c\\,d&birthdate=ge1990&birthdate=lt1991&_sort=-birthdate,name&_total=accurate"
    answer = await client.get(f"/Patient?{given}&_format=json")
    url = links(answer)["self"]
    assert url.isascii()
    assert parse_qsl(urlsplit(url).query) == [*parse_qsl(given), ("_count", "50")]
    assert (await client.get(url)).json() == answer.json()


async def test_letters_that_were_not_encoded_are_utf8(shared: tuple[FastAPI, httpx.AsyncClient]) -> None:
    app, client = shared
    record = fresh("raw")
    await client.put(f"/Patient/{record}", json=patient(record, name=[{"text": "Đỗ Ưng"}]))
    for query, status in ((f"_id={record}&name=Đỗ".encode(), 200), (b"name=\xff", 400)):
        answer = await raw_get(app, query, client.headers["authorization"])
        assert (answer["status"], b'"total":1,' in answer["body"]) == (status, status == 200)


async def raw_get(app: FastAPI, query: bytes, token: str) -> dict[str, Any]:
    """Ask for patients with the bytes of a query as a careless client sends them; httpx would encode them."""
    answer: dict[str, Any] = {"body": b""}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        answer["status"] = message.get("status", answer.get("status"))
        answer["body"] += message.get("body", b"")

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "root_path": "",
        "path": "/fhir/Patient",
        "raw_path": b"/fhir/Patient",
        "query_string": query,
        "headers": [(b"host", b"tramy.test"), (b"authorization", token.encode())],
        "client": ("127.0.0.1", 1),
        "server": ("tramy.test", 80),
    }
    await app(scope, receive, send)
    return answer


async def test_what_is_deleted_or_was_otherwise_is_not_found(client: httpx.AsyncClient) -> None:
    record, tag = fresh("past"), fresh("past")
    meta = {"tag": [{"code": tag}]}
    await client.put(f"/Patient/{record}", json=patient(record, name=[{"text": "Trước"}], meta=meta))
    assert (await client.get(f"/Patient?_tag={tag}&name=truoc")).json()["total"] == 1
    await client.put(f"/Patient/{record}", json=patient(record, name=[{"text": "Sau"}], meta=meta))
    assert (await client.get(f"/Patient?_tag={tag}&name=truoc")).json()["total"] == 0
    assert (await client.get(f"/Patient?_tag={tag}&name=sau")).json()["total"] == 1
    await client.put(f"/Patient/{record}", json=patient(record, meta=meta))
    assert (await client.get(f"/Patient?_tag={tag}&name=sau")).json()["total"] == 0
    assert (await client.get(f"/Patient?_tag={tag}&name:missing=true")).json()["total"] == 1
    await client.delete(f"/Patient/{record}")
    assert (await client.get(f"/Patient?_tag={tag}")).json()["total"] == 0
    assert (await client.get(f"/Patient?_id={record}")).json()["total"] == 0


async def test_last_updated_is_a_range_of_a_millisecond(client: httpx.AsyncClient) -> None:
    record = fresh("time")
    time = (await client.put(f"/Patient/{record}", json=patient(record))).json()["meta"]["lastUpdated"]
    table = {"": 1, "eq": 1, "ge": 1, "le": 1, "gt": 0, "lt": 0, "sa": 0, "eb": 0, "ne": 0, "ap": 1}
    for prefix, total in table.items():
        answer = await client.get(f"/Patient?_id={record}&_lastUpdated={prefix}{time}")
        assert answer.json()["total"] == total, prefix
    assert (await client.get(f"/Patient?_id={record}&_lastUpdated=gt2020&_lastUpdated=lt2100")).json()["total"] == 1
    assert (await client.get(f"/Patient?_id={record}&_lastUpdated:missing=true")).json()["total"] == 0


async def test_a_page_link_stands_alone_and_belongs_to_its_address(
    client: httpx.AsyncClient, tags: dict[str, str]
) -> None:
    page = await client.get(f"/Patient?_tag={tags['Patient']}&_count=2&_sort=name")
    sealed = dict(parse_qsl(urlsplit(links(page)["next"]).query))["_page"]
    assert (await client.get(f"/Patient?_page={sealed}&_format=json&_pretty=true")).status_code == 200
    for more in ("&_sort=name", "&_tag=x", f"&_page={sealed}", "&_count=3&_count=3", "&_count=-1"):
        assert (await client.get(f"/Patient?_page={sealed}{more}")).status_code == 400, more
    larger = await client.get(f"/Patient?_page={sealed}&_count=5")
    assert [len(record_ids(page)), len(record_ids(larger))] == [2, 5]
    assert len(record_ids(await client.get(links(larger)["next"]))) == 3
    for address in ("/Organization", "/Encounter", "", "/Patient/mau-1/Encounter"):
        assert (await client.get(f"{address}?_page={sealed}")).status_code == 400, address
