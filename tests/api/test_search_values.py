"""What each kind of search parameter matches: snippets of resources, a query, and the numbers of those it finds.

https://hl7.org/fhir/R4/search.html
"""

from typing import Any, NamedTuple

import httpx
import pytest

from tests.api.records import example, fresh

NFD_HOA = "Hoa\u0300"
SYSTEM = "http://hs.example/ids"


class Table(NamedTuple):
    """Elements of one type by record, and queries with the numbers of the records they find."""

    kind: str
    records: list[dict[str, Any]]
    queries: dict[str, list[int]]


def name(text: str) -> dict[str, Any]:
    return {"name": [{"text": text}]}


def born(day: str) -> dict[str, Any]:
    return {"birthDate": day}


def period(start: str | None, end: str | None = None) -> dict[str, Any]:
    """Return an Encounter's period; None leaves an end open."""
    return {"period": {key: value for key, value in (("start", start), ("end", end)) if value}}


NAMES = Table(
    "Patient",
    [
        name("Nguyễn Thị Hòa"),
        name("NGUYỄN THỊ HOÀ"),
        name(f"Nguyễn Thị {NFD_HOA}"),
        name("Đặng Văn Thúy"),
        {"name": [{"family": "Đặng", "given": ["Văn", "Thuý"]}]},
        name("Dang  Van   Thuy"),
        {"name": [{"text": "Trần A"}, {"text": "Lê B", "use": "old"}]},
        {"gender": "female"},
    ],
    {
        "name=nguyen thi hoa": [0, 1, 2],
        "name=Nguyễn Thị Hòa": [0, 1, 2],
        "name=NGUYỄN THỊ HOÀ": [0, 1, 2],
        f"name=nguyễn thị {NFD_HOA}": [0, 1, 2],
        "name=Nguyen": [0, 1, 2],
        "name=Nguy": [0, 1, 2],
        "name=Hoa": [],
        "name:contains=hoa": [0, 1, 2],
        "name=đặng": [3, 4, 5],
        "name=ĐẶNG VĂN THUÝ": [3, 4, 5],
        "name=dang  van thuy": [3, 4, 5],
        "family=đặng": [4],
        "given=thúy": [4],
        "given=Văn": [4],
        "name=Văn": [4],
        "name=le b": [6],
        "name=tran,le": [6],
        "name=tran&name=le": [6],
        "name=tran&name=dang": [],
        "name=tran,dang": [3, 4, 5, 6],
        "name:exact=Nguyễn Thị Hòa": [0],
        "name:exact=NGUYỄN THỊ HOÀ": [1],
        "name:exact=nguyễn thị hòa": [],
        "name:exact=Trần": [],
        "name:missing=true": [7],
        "name:missing=false": [0, 1, 2, 3, 4, 5, 6],
        "family:missing=false": [4],
        "name:contains=thi h,van": [0, 1, 2, 3, 4, 5],
        "phonetic=Nguyen": [0, 1, 2],
        "phonetic=Chan": [6],
    },
)
TOKENS = Table(
    "Patient",
    [
        {"identifier": [{"system": SYSTEM, "value": "ab-1"}], "active": True, "gender": "male"},
        {"identifier": [{"system": SYSTEM, "value": "AB-2"}, {"value": "ab-1"}], "active": False, "gender": "female"},
        {"identifier": [{"system": "http://hs.example/other", "value": "ab-1"}]},
        {"identifier": [{"system": SYSTEM, "value": "a,b|c$d\\e"}], "deceasedBoolean": True},
        {"identifier": [{"system": SYSTEM, "type": {"text": "no value"}}], "deceasedBoolean": False},
        {"deceasedDateTime": "2026-03-02", "telecom": [{"system": "phone", "value": "0912 345 678", "use": "mobile"}]},
        {"telecom": [{"system": "email", "value": "mau@hs.example"}, {"system": "phone", "value": "0900000001"}]},
        {"communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "vi"}]}}]},
    ],
    {
        "identifier=ab-1": [0, 1, 2],
        "identifier=AB-1": [0, 1, 2],
        f"identifier={SYSTEM}|ab-1": [0],
        f"identifier={SYSTEM}|Ab-2": [1],
        "identifier=|ab-1": [1],
        f"identifier={SYSTEM}|": [0, 1, 3],
        "identifier=http://hs.example|ab-1": [],
        "identifier=ab": [],
        f"identifier={SYSTEM}|ab-1,http://hs.example/other|ab-1": [0, 2],
        f"identifier={SYSTEM}|AB-2&identifier=|ab-1": [1],
        "identifier=a\\,b\\|c\\$d\\\\e": [3],
        f"identifier={SYSTEM}|a\\,b\\|c\\$d\\\\e": [3],
        "identifier:not=ab-1": [3, 4, 5, 6, 7],
        f"identifier:not={SYSTEM}|ab-1,{SYSTEM}|ab-2": [2, 3, 4, 5, 6, 7],
        "identifier:missing=true": [5, 6, 7],
        "active=true": [0],
        "active=false": [1],
        "active:not=true": [1, 2, 3, 4, 5, 6, 7],
        "active:missing=true": [2, 3, 4, 5, 6, 7],
        "gender=male": [0],
        "gender=MALE": [0],
        "gender=male,female": [0, 1],
        "gender=http://hl7.org/fhir/administrative-gender|female": [1],
        "gender=http://hl7.org/fhir/administrative-gender|": [0, 1],
        "gender=|female": [],
        "gender=http://hs.example|female": [],
        "deceased=true": [3, 5],
        "deceased=false": [0, 1, 2, 4, 6, 7],
        "deceased:not=true": [0, 1, 2, 4, 6, 7],
        "deceased:missing=true": [],
        "death-date=2026-03": [5],
        "death-date:missing=false": [5],
        "phone=0912 345 678": [5],
        "phone=mobile|0912 345 678": [5],
        "telecom=0900000001,mau@hs.example": [6],
        "email=MAU@hs.example": [6],
        "email=0900000001": [],
        "phone:missing=false": [5, 6],
        "language=vi": [7],
        "language=urn:ietf:bcp:47|VI": [7],
    },
)
BIRTHS = Table(
    "Patient",
    [born("1990"), born("1990-05"), born("1990-05-17"), born("1990-12-31"), born("1991-01-01"), {"gender": "male"}],
    {
        "birthdate=1990": [0, 1, 2, 3],
        "birthdate=1990-05": [1, 2],
        "birthdate=1990-05-17": [2],
        "birthdate=eq1990-05-17": [2],
        "birthdate=ne1990-05": [0, 3, 4],
        "birthdate=gt1990": [4],
        "birthdate=gt1990-05": [0, 3, 4],
        "birthdate=gt1990-05-17": [0, 1, 3, 4],
        "birthdate=lt1990-05-17": [0, 1],
        "birthdate=lt1991": [0, 1, 2, 3],
        "birthdate=ge1990-05-17": [0, 1, 2, 3, 4],
        "birthdate=ge1990-12-31": [3, 4],
        "birthdate=le1990-05": [0, 1, 2],
        "birthdate=le1990": [0, 1, 2, 3],
        "birthdate=sa1990": [4],
        "birthdate=sa1990-05": [3, 4],
        "birthdate=eb1990-12": [1, 2],
        "birthdate=ap1990": [0, 1, 2, 3, 4],
        "birthdate=ge1990-05-01&birthdate=le1990-05-31": [0, 1, 2],
        "birthdate=1990-05-17,1991-01-01": [2, 4],
        "birthdate:missing=true": [5],
        "birthdate=1990-05-16T17:00:00Z": [],
        "birthdate=ge1990-05-16T17:00:00Z&birthdate=lt1990-05-17": [0, 1],
    },
)
VISITS = Table(
    "Encounter",
    [
        period("2026-03-02T06:30:00+07:00", "2026-03-02T07:05:00+07:00"),
        period("2026-03-01T23:30:00Z", "2026-03-01T23:45:00Z"),  # The same morning.
        period("2026-03-01"),  # Has not ended.
        period(None, "2026-03-02"),  # Begin unknown.
        period("2026-03-02", "2026-03-03"),
        period("2026-03"),
        {"period": None},
        period("2026-03-02T16:59:59Z", "2026-03-02T17:00:00Z"),  # Over midnight in Viet Nam.
    ],
    {
        "date=2026-03-02": [0, 1],
        "date=2026-03-01": [],
        "date=2026-03": [0, 1, 4, 7],
        # A period that only reaches into the day neither lies in it nor goes beyond it.
        "date=ge2026-03-03": [2, 5],
        "date=gt2026-03-02": [2, 4, 5, 7],
        "date=sa2026-03-01": [0, 1, 4, 7],
        "date=lt2026-03-02": [2, 3, 5],
        "date=le2026-03-02": [0, 1, 2, 3, 5],
        "date=eb2026-03-03": [0, 1, 3],
        "date=ap2026-03-02": [0, 1, 2, 3, 4, 5, 7],
        "date=ne2026-03": [2, 3, 5],
        "date=2026-03-02T06:30:00+07:00": [],
        "date=ge2026-03-02T06:00:00%2B07:00&date=le2026-03-02T08:00:00%2B07:00": [0, 1, 2, 3, 4, 5],
        "date=ge2026-03-02T06:00:00+07:00&date=lt2026-03-02T00:00:00Z": [0, 1, 2, 3, 4, 5],
        "date=ge2026-03-01T23:00:00Z&date=eb2026-03-02T00:30:00Z": [0, 1],
        "date:missing=true": [6],
    },
)
VISIT_KINDS = Table(
    "Encounter",
    [
        {
            "subject": {"reference": "Patient/mau-1"},
            "length": {"value": 35, "unit": "phút", "system": "http://unitsofmeasure.org", "code": "min"},
        },
        {
            "subject": {"reference": "Group/g1"},
            "length": {"value": 2.50, "system": "http://unitsofmeasure.org", "code": "h"},
        },
        {"subject": None, "serviceProvider": {"reference": "Organization/o1"}},
        {"serviceProvider": {"reference": "http://hs.example/fhir/Organization/o1"}},
        {"serviceProvider": {"reference": "Organization/o1/_history/2"}},
        {"serviceProvider": {"identifier": {"system": SYSTEM, "value": "O-1"}}},
        {
            "participant": [
                {"individual": {"reference": "Practitioner/p1"}},
                {"individual": {"reference": "PractitionerRole/p1"}},
            ]
        },
        {"class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "VR"}, "status": "planned"},
    ],
    {
        "patient=mau-1": [0, 3, 4, 5, 6, 7],
        "patient=Patient/mau-1": [0, 3, 4, 5, 6, 7],
        "patient:Patient=mau-1": [0, 3, 4, 5, 6, 7],
        "patient=mau-2": [],
        "patient=Group/g1": [],
        "subject=Patient/mau-1": [0, 3, 4, 5, 6, 7],
        "subject:Patient=mau-1": [0, 3, 4, 5, 6, 7],
        "subject=Group/g1": [1],
        "subject:Group=g1": [1],
        "subject=g1": [1],
        "subject:Group=mau-1": [],
        "patient:missing=true": [1, 2],
        "subject:missing=true": [2],
        "service-provider=o1": [2, 4],
        "service-provider=Organization/o1": [2, 4],
        "service-provider:Organization=o1": [2, 4],
        "service-provider=http://hs.example/fhir/Organization/o1": [3],
        "service-provider=Organization/o1,http://hs.example/fhir/Organization/o1": [2, 3, 4],
        f"service-provider:identifier={SYSTEM}|O-1": [5],
        "service-provider:missing=false": [2, 3, 4, 5],
        "participant=p1": [6],
        "participant=Practitioner/p1": [6],
        "participant:PractitionerRole=p1": [6],
        "participant:Practitioner=p2": [],
        "practitioner=p1": [6],
        "class=VR": [7],
        "class=vr": [7],
        "class:not=AMB": [7],
        "status=planned": [7],
        "status=http://hl7.org/fhir/encounter-status|planned": [7],
        "length=35": [0],
        "length=35|http://unitsofmeasure.org|min": [0],
        "length=35||phút": [0],
        "length=35||min": [0],
        "length=35||h": [],
        "length=2.5": [1],
        "length=2.50": [1],
        "length=3": [1],
        "length=gt2.5": [0],
        "length=ge2.5": [0, 1],
        "length=lt35": [1],
        "length=le35||min": [0],
        "length=ne35": [1],
        "length=sa2.5": [0],
        "length=eb35": [1],
        "length=ap33": [0],
        "length:missing=false": [0, 1],
    },
)
PLACES = Table(
    "Location",
    [
        {"position": {"longitude": 105.8412, "latitude": 21.0245}},
        {"position": {"longitude": 105.9, "latitude": 21.0245}},
        {"position": {"longitude": -179.99, "latitude": 0}},
        {"name": "Buồng 1", "alias": ["Phòng Ðặc biệt", "Room 1"]},
        {
            "partOf": {"reference": "Location/whole"},
            "address": {"city": "Hà Nội", "postalCode": "100000", "use": "work"},
        },
    ],
    {
        "near=21.0245|105.8412|1|km": [0],
        "near=21.0245|105.8412|1000|m": [0],
        "near=21.0245|105.8412": [0, 1],
        "near=21.0245|105.8412|0": [0],
        "near=0|179.99|3|km": [2],
        "near:missing=true": [3, 4],
        "name=buong": [3],
        "name=room": [3],
        "partof=whole": [4],
        "partof:Location=whole": [4],
        "address=ha noi": [4],
        "address-city=HÀ": [4],
        "address-city:exact=Hà": [],
        "address-city:exact=Hà Nội": [4],
        "address-postalcode=1000": [4],
        "address-use=work": [4],
    },
)
TABLES = {"names": NAMES, "tokens": TOKENS, "births": BIRTHS, "visits": VISITS, "kinds": VISIT_KINDS, "places": PLACES}


@pytest.fixture(scope="session")
async def stored(shared: tuple[Any, httpx.AsyncClient]) -> dict[str, str]:
    """Store the tables and return the tag of each."""
    client, tags = shared[1], {}
    for title, table in TABLES.items():
        tags[title] = fresh("table")
        for number, elements in enumerate(table.records):
            record = f"{tags[title]}-{number}"
            kept = {**example(table.kind), "id": record, "meta": {"tag": [{"code": tags[title]}]}}
            if table.kind == "Patient":
                kept = {key: kept[key] for key in ("resourceType", "id", "meta")}
            kept = {key: value for key, value in {**kept, **elements}.items() if value is not None}
            answer = await client.put(f"/{table.kind}/{record}", json=kept)
            assert answer.status_code == 201, answer.text
    return tags


@pytest.mark.parametrize(
    ("title", "query"), [(title, query) for title, table in TABLES.items() for query in table.queries]
)
async def test_a_query_finds(client: httpx.AsyncClient, stored: dict[str, str], title: str, query: str) -> None:
    table = TABLES[title]
    answer = await client.get(f"/{table.kind}?_tag={stored[title]}&{query}")
    assert answer.status_code == 200, answer.text
    found = [item["resource"]["id"].rpartition("-")[2] for item in answer.json().get("entry", [])]
    assert sorted(map(int, found)) == table.queries[query]
    assert answer.json()["total"] == len(found)
