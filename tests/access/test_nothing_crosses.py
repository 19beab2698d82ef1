"""Every route that reads, asked by one station about the other's records: answered exactly as about nobody's."""

import itertools
import json
import re
from typing import Any

import httpx
import pytest

from app.access.roles import ROLES
from app.fhir.search import find
from tests.access.world import (
    FORM,
    HERE,
    IDS,
    NOBODYS,
    NUMBER,
    OTHERS,
    OWN,
    OWNED,
    Two,
    alike,
    ids_in,
    patient,
    station,
)

NUMBERS = {OTHERS: "010190000001", OWN: "010190000002", NOBODYS: "010190000009"}


def of(kind: str, *forms: str) -> list[str]:
    return [form.replace("{T}", kind).replace("{id}", IDS[kind] + "-{end}") for form in forms]


READS = [
    address
    for kind in ("Patient", *OWNED)
    for address in of(
        kind,
        "/{T}/{id}",
        "/{T}/{id}?_summary=true",
        "/{T}/{id}?_elements=id,meta",
        "/{T}/{id}/_history",
        "/{T}/{id}/_history?_count=1",
        "/{T}/{id}/_history?_since=2020-01-01T00:00:00Z",
        "/{T}/{id}/_history?_count=0",
        "/{T}/{id}/_history/1",
        "/{T}/{id}/_history/2",
        "/{T}/{id}/$meta",
        "/{T}/{id}/$validate",
        "/{T}?_id={id}",
        "/{T}?_id={id}&_summary=count",
        "/{T}?_id={id}&_summary=text",
        "/{T}?_id={id}&_total=estimate",
        "/{T}?_id={id}&_total=none",
        "/{T}?_id={id}&_count=0",
        "/{T}?_id={id}&_count=0&_total=estimate",
        "/{T}?_id={id}&_elements=id",
        "/{T}?_id={id}&_sort=-_lastUpdated",
        "/{T}?_id={id}&_lastUpdated=gt2020-01-01",
        "/?_type={T}&_id={id}",
        "/?_type={T}&_id={id}&_summary=count",
        "/?_type={T}&_id={id}&_total=estimate",
    )
] + [
    "/Encounter/xoa-{end}",
    "/Encounter/xoa-{end}/_history",
    "/Encounter/xoa-{end}/_history/1",
    "/Encounter/xoa-{end}/_history/2",
    "/Patient/nguoi-{end}/$everything",
    "/Patient/nguoi-{end}/$everything?_type=Encounter&start=2026-01-01",
    "/Patient/nguoi-{end}/$everything?_count=1",
    "/Patient/nguoi-{end}/$summary",
    "/Patient?identifier={number}",
    f"/Patient?identifier={NUMBER}|{{number}}",
    f"/Patient?identifier={NUMBER}|{{number}}&_summary=count",
    f"/Patient?identifier={NUMBER}|{{number}}&_total=estimate",
    "/Patient?name:exact=Lý Thị Mẫu nguoi-{end}",
    "/Patient?name=Lý Thị Mẫu nguoi-{end}&_sort=birthdate",
    "/Patient?_has:Encounter:patient:_id=kham-{end}",
    "/Patient?_has:Coverage:beneficiary:_id=the-{end}&_total=estimate",
    "/Patient?_has:Immunization:patient:patient._has:Encounter:patient:_id=kham-{end}",
    "/Patient?_id=nguoi-{end}&_revinclude=Encounter:patient&_revinclude=Immunization:patient",
    "/Patient?_id=nguoi-{end}&_revinclude=*",
    "/Encounter?patient=nguoi-{end}",
    "/Encounter?patient=Patient/nguoi-{end}&_summary=count",
    "/Encounter?patient=Patient/nguoi-{end}&_total=estimate",
    "/Encounter?subject:Patient=nguoi-{end}",
    "/Encounter?patient.identifier={number}",
    "/Encounter?patient.identifier={number}&_total=estimate",
    "/Encounter?subject:Patient.name:exact=Lý Thị Mẫu nguoi-{end}",
    "/Encounter?patient._id=nguoi-{end}&_include=Encounter:patient",
    "/Encounter?_id=kham-{end}&_include=*",
    "/Encounter?_id=kham-{end}&_include=Encounter:patient&_revinclude:iterate=Coverage:beneficiary",
    "/Coverage?beneficiary.name:exact=Lý Thị Mẫu nguoi-{end}",
    "/Coverage?beneficiary._has:Encounter:patient:_id=kham-{end}",
    "/Immunization?patient._has:Coverage:beneficiary:_id=the-{end}&_include=Immunization:patient",
    "/Patient/nguoi-{end}/Encounter",
    "/Patient/nguoi-{end}/Encounter?_summary=count",
    "/Patient/nguoi-{end}/Coverage?_total=estimate",
    "/Patient/nguoi-{end}/Immunization?_include=*",
    "/Patient/nguoi-{end}/*",
    "/Patient/nguoi-{end}/*?_type=Encounter",
    "/?_id=nguoi-{end},kham-{end}",
]
"""Addresses with the end of ids and the national number of the one who is asked about."""


def about(address: str, end: str) -> str:
    return address.replace("{end}", end).replace("{number}", NUMBERS[end])


def names(end: str) -> dict[str, str]:
    """Return what is the same but in name in answers about two people."""
    return {f"-{end}": "-end", NUMBERS[end]: "<number>"}


@pytest.mark.parametrize("address", READS)
async def test_anothers_record_is_answered_as_nobodys(two: Two, address: str) -> None:
    mine = await two.one.get(about(address, OTHERS))
    assert alike(mine, names(OTHERS)) != alike(await two.one.get(about(address, NOBODYS)), names(NOBODYS)), (
        "this address finds nothing even for who may see it, and so proves nothing"
    )
    for method in ("GET", "HEAD"):
        theirs = await two.other.request(method, about(address, OTHERS))
        nobodys = await two.other.request(method, about(address, NOBODYS))
        assert alike(theirs, names(OTHERS)) == alike(nobodys, names(NOBODYS)), method


@pytest.mark.parametrize("address", [item for item in READS if re.fullmatch(r"/[A-Z]\w+/[^/?$]+", item)])
@pytest.mark.parametrize(
    "condition",
    [{"If-None-Match": 'W/"1"'}, {"If-None-Match": 'W/"2"'}, {"If-Modified-Since": "Sun, 01 Nov 2026 00:00:00 GMT"}],
)
async def test_a_conditional_read_says_nothing_of_anothers_version(
    two: Two, address: str, condition: dict[str, str]
) -> None:
    theirs = await two.other.get(about(address, OTHERS), headers=condition)
    nobodys = await two.other.get(about(address, NOBODYS), headers=condition)
    assert alike(theirs, names(OTHERS)) == alike(nobodys, names(NOBODYS))
    assert theirs.status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "/Patient/_search",
        "/_search",
        "/Encounter/_search",
    ],
)
async def test_a_search_by_form_finds_nobody_of_another(two: Two, address: str) -> None:
    answers = []
    for end in (OTHERS, NOBODYS):
        form = f"_id=nguoi-{end}" if address != "/Encounter/_search" else f"patient=nguoi-{end}"
        answers.append(alike(await two.other.post(address, content=form, headers=FORM), names(end)))
    assert answers[0] == answers[1]
    assert '"total":0' in answers[0][2]


LISTS = [
    "/Patient",
    "/Patient?name=Lý",
    "/Patient?name=L&_sort=birthdate",
    "/Patient?name=Ly&_sort=-birthdate&_count=1",
    "/Patient?name:contains=Thi",
    "/Patient?phonetic=Ly",
    "/Patient?family=L",
    "/Patient?birthdate=1990",
    "/Patient?gender=female",
    "/Patient?gender:not=male",
    "/Patient?active:missing=true",
    "/Patient?identifier:missing=false",
    "/Patient?address=0",
    "/Patient?_sort=-_lastUpdated,birthdate",
    "/Patient?_has:Encounter:patient:status=finished",
    "/Patient?_has:Encounter:patient:status=finished&name=Ly",
    "/Patient?_has:Encounter:patient:status=finished&_has:Coverage:beneficiary:status=active",
    "/Patient?_revinclude=*",
    "/Patient?_revinclude=Encounter:patient&_include:iterate=Encounter:service-provider",
    "/Encounter",
    "/Encounter?status=finished",
    "/Encounter?class=AMB",
    "/Encounter?class:not=IMP",
    "/Encounter?date=2026",
    "/Encounter?date=gt2020&_sort=date",
    "/Encounter?patient.name=Lý",
    "/Encounter?patient.gender=female&_total=estimate",
    "/Encounter?subject:Patient.birthdate=1990",
    "/Encounter?_include=Encounter:patient&_revinclude:iterate=Immunization:patient",
    "/Encounter?_include=*",
    "/Immunization?status=completed",
    "/Immunization?patient._has:Encounter:patient:status=finished",
    "/Coverage?status=active",
    "/Coverage?beneficiary.gender=female",
    "/Encounter?service-provider:below=Organization/coso-mot",
    "/Encounter?service-provider.partof.name=T",
    "/Encounter?patient.organization.name=T",
    "/Encounter?patient.general-practitioner:Practitioner.name=H",
    "/Patient?organization.partof:Organization.name=T",
    "/Patient?organization:below=Organization/coso-mot",
    "/Patient?_has:Encounter:patient:service-provider.name=T",
    "/Patient?link.name=Ly",
    "/Organization?_has:Encounter:service-provider:status=finished",
    "/Organization?_revinclude=Encounter:service-provider",
    "/Organization?_revinclude=Patient:organization&_revinclude:iterate=Encounter:patient",
    "/?_type=Patient,Encounter,Immunization,Coverage",
    "/?_lastUpdated=gt2020-01-01",
    "/Patient/_history",
    "/Encounter/_history",
    "/Encounter/_history?_since=2020-01-01T00:00:00Z",
    "/Immunization/_history?_count=1",
    "/_history",
    "/_history?_count=2",
    "/_history?_at=2026",
]


def personal(found: set[str]) -> set[str]:
    return {item for item in found if item.partition("/")[0] in ("Patient", *OWNED)}


async def pages(who: httpx.AsyncClient, address: str, most: int = 12) -> list[dict[str, Any]]:
    """Return the pages of a list, at most so many."""
    found: list[dict[str, Any]] = []
    link: str | None = address
    while link and len(found) < most:
        answer = await who.get(link)
        assert answer.status_code == 200, answer.text
        found.append(answer.json())
        link = next((item["url"] for item in found[-1].get("link", ()) if item["relation"] == "next"), None)
    return found


@pytest.mark.parametrize("address", LISTS)
async def test_a_list_holds_and_counts_none_of_anothers(two: Two, address: str) -> None:
    for who, strange in ((two.other, OTHERS), (two.one, OWN)):
        found = await pages(who, address)
        text = " ".join(map(str, found))
        assert f"-{strange}'" not in re.sub(r"(coso|noi|bacsi)-\w+", "", text), address
        matches = [
            entry
            for page in found
            for entry in page.get("entry", ())
            if entry.get("search", {}).get("mode") != "include"
        ]
        if "total" in found[0] and len(found) < 12:
            assert found[0]["total"] == len(matches)
        if "_has:Encounter:service-provider" in address:
            assert not matches


@pytest.mark.parametrize("address", [item for item in LISTS if item.startswith(("/Patient", "/Enc", "/Imm", "/Cov"))])
@pytest.mark.parametrize("form", ["_summary=count", "_total=estimate&_count=0", "_total=accurate&_count=1"])
async def test_a_total_is_of_ones_own_alone(two: Two, address: str, form: str) -> None:
    if "_history" in address:
        pytest.skip("a history has no such parameters")
    plain = re.sub(r"[?&](_count|_total)=\w+", "", address)
    joint = "&" if "?" in plain else "?"
    counted = (await two.other.get(f"{plain}{joint}{form}")).json()
    listed = await pages(two.other, plain)
    matches = [entry for page in listed for entry in page.get("entry", ()) if entry["search"]["mode"] == "match"]
    assert counted["total"] == len(matches)


async def test_labels_of_a_type_are_those_of_ones_own_records(two: Two) -> None:
    tag = {"system": "https://tramy.vn/the", "code": "bi-mat-cua-tram"}
    assert (await two.one.put("/Patient/co-the", json=patient("co-the", meta={"tag": [tag]}))).status_code == 201
    for address in ("/$meta", "/Patient/$meta", "/Patient/co-the/$meta"):
        assert tag["code"] in (await two.one.get(address)).text
        assert tag["code"] not in (await two.other.get(address)).text


@pytest.mark.parametrize("certain", [True, False])
async def test_who_is_matched_is_never_anothers(two: Two, certain: bool) -> None:
    """A full set of true traits finds the person for the one and nothing for the other."""
    sought = patient("moi", "00004", NUMBERS[OTHERS], name=[{"text": f"Lý Thị Mẫu nguoi-{OTHERS}"}])
    stranger = patient(
        "moi", "00004", NUMBERS[NOBODYS], name=[{"text": f"Trần Văn Khác nguoi-{NOBODYS}"}], birthDate="1931-01-02"
    )
    answers = []
    for person in (sought, stranger):
        person.pop("id")
        body = {
            "resourceType": "Parameters",
            "parameter": [
                {"name": "resource", "resource": person},
                {"name": "onlyCertainMatches", "valueBoolean": certain},
            ],
        }
        answers.append(
            (await two.one.post("/Patient/$match", json=body), await two.other.post("/Patient/$match", json=body))
        )
    (mine, theirs), (_, nobodys) = answers
    assert f"nguoi-{OTHERS}" in mine.text
    assert f"nguoi-{OTHERS}" not in theirs.text
    if certain:
        assert alike(theirs, {}) == alike(nobodys, {})


SEARCHES = ["/Patient?_count=1", "/Patient?_count=1&_sort=birthdate", "/Encounter?_count=1&_include=Encounter:patient"]


@pytest.fixture(scope="module")
async def more(two: Two) -> None:
    """Some more people of the first station, for several pages."""
    for number in range(3):
        person = f"trang-{number}"
        assert (await two.one.put(f"/Patient/{person}", json=patient(person))).status_code == 201
        visit = {
            "resourceType": "Encounter",
            "id": f"luot-{number}",
            "status": "finished",
            "class": {"code": "AMB"},
            "subject": {"reference": f"Patient/{person}"},
            "period": {"start": "2026-03-02"},
        }
        assert (await two.one.put(f"/Encounter/luot-{number}", json=visit)).status_code == 201


@pytest.mark.usefixtures("more")
@pytest.mark.parametrize(
    "address",
    [
        *SEARCHES,
        "/_history?_count=1",
        "/Patient/_history?_count=1",
        "/?_count=1&_type=Patient,Encounter",
        f"/Patient/nguoi-{OTHERS}/$everything?_count=1",
        f"/Patient/nguoi-{OTHERS}/*?_count=1",
        f"/Patient/nguoi-{OTHERS}/_history?_count=1",
    ],
)
async def test_a_page_link_serves_its_caller_alone(two: Two, address: str) -> None:
    first = (await two.one.get(address)).json()
    second = (await two.one.get(link_of(first, "next"))).json()
    links = {item["relation"]: item["url"] for item in (*first["link"], *second["link"]) if item["relation"] != "self"}
    assert {"first", "next", "prev"} <= links.keys() | ({"prev"} if "everything" in address else set())
    for relation, link in links.items():
        assert (await two.one.get(link)).status_code == 200, relation
        for stranger in (two.other, two.whole):
            answer = await stranger.get(link)
            assert answer.status_code == 400, relation
            assert "entry" not in answer.text
            assert not ids_in(answer.text)


def link_of(bundle: dict[str, Any], relation: str) -> str:
    return next(item["url"] for item in bundle["link"] if item["relation"] == relation)


@pytest.mark.usefixtures("more")
async def test_a_page_link_ends_with_the_scopes_it_was_made_under(two: Two) -> None:
    link = link_of((await two.one.get("/Patient?_count=1")).json(), "next")
    for scopes in ("system/Patient.rs", "system/*.cruds", "system/Patient.rs tramy/protected"):
        async with await station(two.app, HERE, "one", scopes) as narrowed:
            assert (await narrowed.get(link)).status_code == 400


@pytest.mark.parametrize(
    ("kind", "places"), list(itertools.product(("Organization", "Location", "Practitioner"), (OTHERS, OWN)))
)
async def test_what_belongs_to_nobody_is_read_by_all_and_brings_nobody_along(two: Two, kind: str, places: str) -> None:
    address = f"/{kind}/{IDS[kind]}-{places}"
    for who in (two.one, two.other):
        assert (await who.get(address)).status_code == 200
        brought = (await who.get(f"/{kind}?_id={IDS[kind]}-{places}&_revinclude=*")).text
        strange = OTHERS if who is two.other else OWN
        assert not {item for item in personal(ids_in(brought)) if item.endswith(strange)}


WAYS = {
    "list": ({"NEAR": -1}, "/Patient?name=Ly&_sort=-birthdate&_count=2"),
    "list of few": ({}, "/Patient?name=Ly&_sort=birthdate&_count=2"),
    "walk": ({"NEAR": -1, "FEW": 0}, "/Patient?name=Ly&_sort=-_lastUpdated&_count=1"),
    "words": ({"NEAR": -1}, "/Patient?name=Ly&_sort=birthdate&_count=2"),
    "walk, then words": ({"NEAR": -1, "SOME": -1}, "/Patient?name=Ly&_sort=birthdate&_count=500"),
    "walk, then list": ({"NEAR": -1, "FEW": 0}, "/Patient?name=Ly&_sort=_lastUpdated&_count=500"),
    "plan": ({}, "/Patient?gender=female&_count=2"),
    "of those with visits": (
        {"NEAR": -1, "FEW": 0},
        "/Patient?name=Ly&_has:Encounter:patient:status=finished&_count=500",
    ),
}


@pytest.mark.usefixtures("more")
@pytest.mark.parametrize("way", list(WAYS))
async def test_each_way_of_a_search_by_name_finds_ones_own_alone(
    two: Two, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    limits, address = WAYS[way]
    taken: list[str] = []
    made = find.Statement

    def noted(queries: Any, place: Any, start: Any, kind: Any) -> Any:
        taken.append(kind)
        return made(queries, place, start, kind)

    monkeypatch.setattr(find, "Statement", noted)
    for name, value in limits.items():
        monkeypatch.setattr(find, name, value)
    for who in (two.other, two.one):
        listed = await pages(who, address, most=40)
        found = {item for page in listed for item in personal(ids_in(json.dumps(page)))}
        everyone = {item for page in await pages(who, "/Patient?_count=1000") for item in ids_in(json.dumps(page))}
        assert found <= everyone
        assert listed[0]["total"] <= len(everyone)
        assert found
    assert not way.startswith(("list", "walk", "words", "plan")) or way.partition(",")[0].partition(" ")[0] in taken


@pytest.mark.parametrize("form", ["", "?by=sex", "?by=commune"])
async def test_an_officer_sees_the_figures_of_the_province_and_nobody_in_it(two: Two, form: str) -> None:
    async with await station(two.app, "01@2025-07", "so", ROLES["officer"].scopes) as officer:
        base = "http://tramy.test/indicators"
        code = (await officer.get(base)).json()["indicators"][0]["code"]
        joint = f"{form}&" if form else "?"
        for place in ("01", "01@2025-07") if form == "?by=commune" else ("01", "00004", "00008"):
            assert (await officer.get(f"{base}/{code}{joint}place={place}")).status_code == 200, place
        for place in ("24", "VN", "24@2025-07"):
            assert (await officer.get(f"{base}/{code}{joint}place={place}")).status_code == 400, place
        assert (await officer.get(f"{base}/{code}/missing?place=00004")).status_code == 403
        for address in READS:
            answer = await officer.get(about(address, OTHERS))
            assert answer.status_code in (200, 403), address
            assert not personal(ids_in(answer.text)), address
