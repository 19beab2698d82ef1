"""$everything: all that is held of a person, in pages of one moment. https://hl7.org/fhir/R4/patient-operation-everything.html"""

import json
from typing import Any

import httpx
import pytest

from tests.api.records import bundle, entry, example, fresh, links, patient, places, visit

OPERATION = "$everything"


class Person:
    """A person with a visit, a dose and a card, and those who gave care."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client, self.id = client, fresh("person")
        self.address = f"/Patient/{self.id}"

    def named(self, name: str, part: str) -> str:
        return f"{name}/{self.id}-{part}"

    async def put(self, name: str, part: str, **elements: Any) -> None:
        held = example(name, id=f"{self.id}-{part}", **elements)
        answer = await self.client.put(f"/{self.named(name, part)}", json=held)
        assert answer.status_code in (200, 201), answer.text

    async def visit(self, part: str, **elements: Any) -> None:
        held = visit(f"{self.id}-{part}", f"Patient/{self.id}", **elements)
        answer = await self.client.put(f"/{self.named('Encounter', part)}", json=held)
        assert answer.status_code in (200, 201), answer.text

    async def everything(self, query: str = "") -> httpx.Response:
        answer = await self.client.get(f"{self.address}/{OPERATION}{query}")
        assert answer.status_code == 200, answer.text
        return answer


@pytest.fixture
async def person(client: httpx.AsyncClient) -> Person:
    """A person who was registered, visited a station, was vaccinated and has a card."""
    made = Person(client)
    mine = {"reference": f"Patient/{made.id}"}
    await made.put("Organization", "department")
    await made.put("Organization", "hospital", partOf={"reference": made.named("Organization", "department")})
    await made.put("Organization", "station", partOf={"reference": made.named("Organization", "hospital")})
    await made.put("Organization", "insurer")
    await made.put("Location", "room", managingOrganization={"reference": made.named("Organization", "station")})
    await made.put("Practitioner", "doctor")
    await client.put(made.address, json=patient(made.id, active=True))
    await made.visit(
        "visit",
        location=[{"location": {"reference": made.named("Location", "room")}}],
        participant=[{"individual": {"reference": made.named("Practitioner", "doctor")}}],
    )
    await made.put("Immunization", "dose", patient=mine)
    payor = [{"reference": made.named("Organization", "insurer")}]
    await made.put("Coverage", "card", beneficiary=mine, payor=payor)
    return made


def modes(answer: httpx.Response) -> dict[str, list[str]]:
    """Return the addresses of what an answer holds by the reason it is there."""
    found: dict[str, list[str]] = {"match": [], "include": []}
    for item in answer.json().get("entry", []):
        resource = item["resource"]
        found[item["search"]["mode"]].append(f"{resource['resourceType']}/{resource['id']}")
    return found


def matches(answer: httpx.Response) -> list[str]:
    return modes(answer)["match"]


async def walked(client: httpx.AsyncClient, answer: httpx.Response, relation: str = "next") -> list[httpx.Response]:
    """Return a page and those that follow it."""
    pages = [answer]
    while relation in links(pages[-1]):
        pages.append(await client.get(links(pages[-1])[relation]))
        assert pages[-1].status_code == 200, pages[-1].text
    return pages


def own(person: Person) -> list[str]:
    """Return the four records that are of the person."""
    parts = [("Coverage", "card"), ("Encounter", "visit"), ("Immunization", "dose")]
    return [*(person.named(*pair) for pair in parts), f"Patient/{person.id}"]


async def test_it_holds_the_person_the_compartment_and_who_gave_care(client: httpx.AsyncClient, person: Person) -> None:
    stranger = fresh("stranger")
    await client.put(f"/Patient/{stranger}", json=patient(stranger))
    await client.put(f"/Encounter/{stranger}", json=visit(stranger, f"Patient/{stranger}"))
    answer = await person.everything()
    found = modes(answer)
    assert found["match"] == own(person)
    assert sorted(found["include"]) == [
        person.named("Location", "room"),
        *(person.named("Organization", part) for part in ("department", "hospital", "insurer", "station")),
        person.named("Practitioner", "doctor"),
    ]
    assert (answer.json()["type"], answer.json()["total"]) == ("searchset", 4)
    assert set(links(answer)) == {"self"}
    assert (await client.get(links(answer)["self"])).json() == answer.json()


async def test_records_stand_in_it_as_they_are_stored(client: httpx.AsyncClient, person: Person) -> None:
    held = visit(f"{person.id}-visit", f"Patient/{person.id}", length={"value": "@", "unit": "h"})
    sent = json.dumps(held).replace('"@"', "1.50")
    await client.put(f"/{person.named('Encounter', 'visit')}", content=sent)
    raw = (await client.get(f"/{person.named('Encounter', 'visit')}")).content
    answer = await person.everything()
    assert b"1.50" in raw
    assert raw in answer.content
    first = answer.json()["entry"][0]
    assert first["fullUrl"] == f"http://tramy.test/fhir/{person.named('Coverage', 'card')}"


async def test_a_record_that_names_the_person_otherwise_is_in_the_compartment(
    client: httpx.AsyncClient, person: Person
) -> None:
    child = fresh("child")
    await client.put(f"/Patient/{child}", json=patient(child))
    card = example("Coverage", id=child, beneficiary={"reference": f"Patient/{child}"})
    card["subscriber"] = {"reference": f"Patient/{person.id}"}
    assert (await client.put(f"/Coverage/{child}", json=card)).status_code == 201
    found = modes(await person.everything())
    assert f"Coverage/{child}" in found["match"]
    assert f"Patient/{child}" not in [*found["match"], *found["include"]]


async def test_a_person_who_is_not_here_is_not_found_and_one_deleted_is_gone(client: httpx.AsyncClient) -> None:
    record = fresh("gone")
    assert (await client.get(f"/Patient/{record}/{OPERATION}")).status_code == 404
    await client.put(f"/Patient/{record}", json=patient(record))
    alone = await client.get(f"/Patient/{record}/{OPERATION}")
    assert matches(alone) == [f"Patient/{record}"]
    await client.delete(f"/Patient/{record}")
    assert (await client.get(f"/Patient/{record}/{OPERATION}")).status_code == 410


async def test_it_stands_at_one_person_only(client: httpx.AsyncClient) -> None:
    for address in (f"/Patient/{OPERATION}", f"/{OPERATION}", f"/Organization/x/{OPERATION}"):
        answer = await client.get(address)
        assert answer.status_code == 404, address
        assert answer.json()["issue"][0]["code"] == "not-supported"


async def test_parameters_may_be_sent_as_a_resource(client: httpx.AsyncClient, person: Person) -> None:
    query = "?start=2026-01-01&end=2026-12-31&_type=Encounter&_type=Practitioner&_count=7"
    sent = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "start", "valueDate": "2026-01-01"},
            {"name": "end", "valueDate": "2026-12-31"},
            {"name": "_type", "valueCode": "Encounter"},
            {"name": "_type", "valueCode": "Practitioner"},
            {"name": "_count", "valueInteger": 7},
        ],
    }
    posted = await client.post(f"{person.address}/{OPERATION}", json=sent)
    assert posted.json() == (await person.everything(query)).json()
    assert modes(posted) == {
        "match": [person.named("Encounter", "visit")],
        "include": [person.named("Practitioner", "doctor")],
    }
    assert (await client.post(f"{person.address}/{OPERATION}")).json()["total"] == 4


# The visit is on 2026-03-02 from 06:30 to 07:05 in Viet Nam, still the day before in UTC; the long one from the first
# to the third of May; the open one has no end.
SPANS = [
    ("?start=2026-03-02&end=2026-03-02", {"visit"}),
    ("?end=2026-03-01", set()),
    ("?start=2026-03-03&end=2026-04-30", set()),
    ("?start=2026-05-02&end=2026-05-02", {"long"}),
    ("?start=2026-05-03&end=2026-05-31", {"long"}),
    ("?start=2026-05-04&end=2026-05-31", set()),
    ("?start=2026-05", {"long", "open"}),
    ("?start=2026-06-01&end=2026-06", {"open"}),
    ("?start=2030", {"open"}),
    ("?end=2026", {"visit", "long", "open"}),
    # All of time leaves nothing out.
    ("?start=0001-01-01&end=9999-12-31", {"visit", "long", "open", "undated"}),
    ("", {"visit", "long", "open", "undated"}),
]


@pytest.mark.parametrize(("query", "expected"), SPANS)
async def test_start_and_end_choose_the_care_of_those_days(person: Person, query: str, expected: set[str]) -> None:
    long = {"start": "2026-05-01T22:00:00+07:00", "end": "2026-05-03T01:00:00+07:00"}
    await person.visit("long", period=long)
    await person.visit("open", period={"start": "2026-06-15"}, status="in-progress")
    undated = visit(f"{person.id}-undated", f"Patient/{person.id}")
    del undated["period"]
    await person.client.put(f"/{person.named('Encounter', 'undated')}", json=undated)
    answer = await person.everything(query)
    found = [address for address in matches(answer) if address.startswith("Encounter/")]
    assert set(found) == {person.named("Encounter", part) for part in expected}
    # What is not care belongs to no day.
    assert {f"Patient/{person.id}", person.named("Coverage", "card")} <= set(matches(answer))


async def test_since_chooses_what_was_written_then_or_later(client: httpx.AsyncClient, person: Person) -> None:
    await person.visit("later")
    read = await client.get(f"/{person.named('Encounter', 'later')}")
    since = read.json()["meta"]["lastUpdated"].replace("+", "%2B")
    answer = await person.everything(f"?_since={since}")
    assert matches(answer) == [person.named("Encounter", "later")]
    assert answer.json()["total"] == 1
    nothing = await person.everything("?_since=2100-01-01T00:00:00Z")
    assert (nothing.json()["total"], "entry" in nothing.json()) == (0, False)


async def test_types_choose_matches_and_what_comes_along(person: Person) -> None:
    answer = await person.everything("?_type=Coverage,Patient")
    assert modes(answer) == {"match": [person.named("Coverage", "card"), f"Patient/{person.id}"], "include": []}
    answer = await person.everything("?_type=Encounter,Location,Organization")
    assert modes(answer)["match"] == [person.named("Encounter", "visit")]
    assert sorted(modes(answer)["include"]) == [
        person.named("Location", "room"),
        *(person.named("Organization", part) for part in ("department", "hospital", "station")),
    ]


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("?_type=Observation", "_type"),
        ("?_type=Organization", "_type"),
        ("?_type=", "_type"),
        ("?_count=x", "_count"),
        ("?_count=-1", "_count"),
        ("?_count=1&_count=2", "_count"),
        ("?_since=2026-03-02", "_since"),
        ("?start=2026-03-02T08:00:00Z", "start"),
        ("?start=yesterday", "start"),
        ("?end=2026-02-30", "end"),
        ("?end=", "end"),
        ("?start=2026-03-02&end=2026-03-01", "end"),
        ("?patient=1", "patient"),
        ("?_summary=count", "?"),
        ("?_page=abc", "_page"),
        ("?_page=abc&_count=1", "_page"),
    ],
)
async def test_what_is_not_understood_is_refused(person: Person, query: str, place: str) -> None:
    answer = await person.client.get(f"{person.address}/{OPERATION}{query}")
    assert answer.status_code == 400, answer.text
    assert places(answer) == [place]


async def test_pages_hold_each_match_once_as_of_one_moment(client: httpx.AsyncClient, person: Person) -> None:
    for number in range(9):
        await person.visit(f"more-{number}", serviceProvider={"reference": person.named("Organization", "station")})
    expected = matches(await person.everything())
    assert len(expected) == 13
    pages = [await person.everything("?_count=4")]
    # What happens now is not of the moment of the first page.
    await person.visit("new")
    await person.visit("more-3", language="vi")
    await client.delete(f"/{person.named('Encounter', 'more-5')}")
    pages = await walked(client, pages[0])
    assert [len(matches(page)) for page in pages] == [4, 4, 4, 1]
    assert [address for page in pages for address in matches(page)] == expected
    assert {page.json()["total"] for page in pages} == {13}
    assert all("language" not in item["resource"] for page in pages for item in page.json()["entry"])
    stations = [modes(page)["include"].count(person.named("Organization", "station")) for page in pages]
    assert max(stations) == 1
    back = await walked(client, pages[-1], "prev")
    assert [matches(page) for page in back[::-1]] == [matches(page) for page in pages]
    first = await client.get(links(pages[2])["first"])
    assert matches(first) == matches(pages[0])


async def test_a_link_to_a_page_is_of_one_person(client: httpx.AsyncClient, person: Person) -> None:
    link = links(await person.everything("?_count=1"))["next"]
    other = fresh("other")
    await client.put(f"/Patient/{other}", json=patient(other))
    answer = await client.get(link.replace(f"/{person.id}/", f"/{other}/"))
    assert (answer.status_code, places(answer)) == (400, ["_page"])
    search = await client.get(link.replace(f"/{OPERATION}", "/*"))
    assert (search.status_code, places(search)) == (400, ["_page"])


async def test_a_count_of_zero_gives_the_number_alone(person: Person) -> None:
    answer = await person.everything("?_count=0")
    assert (answer.json()["total"], "entry" in answer.json()) == (4, False)


async def test_it_may_stand_in_a_batch(client: httpx.AsyncClient, person: Person) -> None:
    sent = bundle(entry("GET", f"Patient/{person.id}/{OPERATION}"), kind="batch")
    answer = await client.post("/", json=sent)
    inner = answer.json()["entry"][0]
    assert inner["response"]["status"] == "200"
    assert inner["resource"] == (await person.everything()).json()


async def test_it_is_stated_where_clients_look_for_it(client: httpx.AsyncClient) -> None:
    rest = (await client.get("/metadata")).json()["rest"][0]
    stated = next(item for item in rest["resource"] if item["type"] == "Patient")["operation"]
    assert {"name": "everything"}.items() <= next(item for item in stated if item["name"] == "everything").items()
