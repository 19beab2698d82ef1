"""Updates under conditions, for every type: of what criteria find, or only if there is no record, or a certain version.

https://hl7.org/fhir/R4/http.html#cond-update
"""

import json
from typing import Any

import httpx
import pytest

from tests.api.records import TYPES, count, example, fresh, links, national_number, patient, places, record_ids

# The last one chooses nothing, and so would choose everything.
NO_CONDITIONS = ["", "?", "?_format=json", "?_count=5", "?_tag=", "?whatever=1", "?_tag:whatever=x"]
NO_CONDITIONS.append("?_include:iterate=Location:organization")
every_type = pytest.mark.parametrize("name", TYPES)


def tagged(name: str, tag: str, **elements: Any) -> dict[str, Any]:
    """Return the example of a type with a tag, by which it is found."""
    return example(name, meta={"tag": [{"code": tag}]}, **elements)


@every_type
@pytest.mark.parametrize("own_id", [False, True])
async def test_without_a_match_a_record_is_made(client: httpx.AsyncClient, name: str, own_id: bool) -> None:
    tag = fresh("made")
    sent = tagged(name, tag, **({"id": tag} if own_id else {}))
    answer = await client.put(f"/{name}?_tag={tag}", json=sent)
    assert (answer.status_code, answer.headers["etag"]) == (201, 'W/"1"'), answer.text
    record = answer.json()["id"]
    assert (record == tag) == own_id
    assert answer.headers["location"] == f"http://tramy.test/fhir/{name}/{record}/_history/1"
    assert (await client.get(f"/{name}/{record}")).content == answer.content


@every_type
@pytest.mark.parametrize("own_id", [False, True])
async def test_the_one_match_is_updated(client: httpx.AsyncClient, name: str, own_id: bool) -> None:
    tag = fresh("one")
    record = (await client.post(f"/{name}", json=tagged(name, tag))).json()["id"]
    sent = tagged(name, tag, language="vi", **({"id": record} if own_id else {}))
    for _ in range(2):
        answer = await client.put(f"/{name}?_tag={tag}", json=sent)
        assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"2"'), answer.text
        assert (answer.json()["id"], answer.json()["language"]) == (record, "vi")
        assert answer.headers["location"] == f"http://tramy.test/fhir/{name}/{record}/_history/2"
    assert (await client.get(f"/{name}/{record}/_history")).json()["total"] == 2


@every_type
async def test_a_match_with_another_id_is_refused(client: httpx.AsyncClient, name: str) -> None:
    tag = fresh("other")
    record = (await client.post(f"/{name}", json=tagged(name, tag))).json()["id"]
    answer = await client.put(f"/{name}?_tag={tag}", json=tagged(name, tag, id=fresh("id")))
    assert (answer.status_code, places(answer)) == (400, [f"{name}.id"])
    assert (await client.get(f"/{name}/{record}")).headers["etag"] == 'W/"1"'


@every_type
async def test_several_matches_change_nothing(client: httpx.AsyncClient, name: str) -> None:
    tag = fresh("several")
    made = [(await client.post(f"/{name}", json=tagged(name, tag))).json()["id"] for _ in range(2)]
    for sent in (tagged(name, tag, language="vi"), tagged(name, tag, language="vi", id=made[0])):
        answer = await client.put(f"/{name}?_tag={tag}", json=sent)
        assert answer.status_code == 412
        assert answer.json()["issue"][0]["code"] == "multiple-matches"
    assert await count(client, f"{name}?_tag={tag}&_id={','.join(made)}") == 2
    assert [(await client.get(f"/{name}/{record}")).headers["etag"] for record in made] == ['W/"1"'] * 2


async def test_the_id_of_a_record_that_does_not_match_is_refused(client: httpx.AsyncClient) -> None:
    record, tag = fresh("taken"), fresh("tag")
    await client.put(f"/Location/{record}", json=example("Location", id=record))
    sent = tagged("Location", tag, id=record)
    answer = await client.put(f"/Location?_tag={tag}", json=sent)
    assert (answer.status_code, places(answer)) == (409, ["Location.id"])
    assert answer.json()["issue"][0]["code"] == "conflict"
    await client.delete(f"/Location/{record}")
    again = await client.put(f"/Location?_tag={tag}", json=sent)
    assert (again.status_code, again.headers["etag"]) == (201, 'W/"3"')


@pytest.mark.parametrize("record", [".", ".."])
async def test_an_id_that_no_address_can_name_makes_no_record(client: httpx.AsyncClient, record: str) -> None:
    tag = fresh("dots")
    answer = await client.put(f"/Location?_tag={tag}", json=tagged("Location", tag, id=record))
    assert (answer.status_code, places(answer)) == (400, ["Location.id"])
    assert await count(client, f"Location?_tag={tag}") == 0


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("query", NO_CONDITIONS)
async def test_a_condition_is_given_and_understood(client: httpx.AsyncClient, method: str, query: str) -> None:
    before = await count(client, "Location?_lastUpdated=gt2000")
    body = b"[]" if method == "PATCH" else json.dumps(example("Location")).encode()
    media = {"content-type": "application/json-patch+json" if method == "PATCH" else "application/fhir+json"}
    answer = await client.request(method, f"/Location{query}", content=body, headers=media)
    assert answer.status_code == 400, answer.text
    assert await count(client, "Location?_lastUpdated=gt2000") == before


async def test_a_body_that_is_not_valid_is_refused_whatever_matches(client: httpx.AsyncClient) -> None:
    tag = fresh("invalid")
    answer = await client.put(f"/Patient?_tag={tag}", json=tagged("Patient", tag, gender="none of these"))
    assert (answer.status_code, places(answer)) == (400, ["Patient.gender"])
    wrong = await client.put(f"/Patient?_tag={tag}", json=tagged("Location", tag))
    assert wrong.status_code == 400
    assert await count(client, f"Patient?_tag={tag}") == 0


@every_type
async def test_if_match_is_of_the_version_that_was_found(client: httpx.AsyncClient, name: str) -> None:
    tag = fresh("version")
    address = f"/{name}?_tag={tag}"
    table = [
        ('W/"1"', 412),  # Nothing matches yet.
        ("*", 412),
        ("three", 400),
        ('W/"1", W/"2"', 400),
        (None, 201),
        ('W/"2"', 412),
        ('W/"1"', 200),
        ('W/"1"', 412),
        ("*", 200),
        (None, 200),
    ]
    for number, (if_match, status) in enumerate(table):
        headers = {"if-match": if_match} if if_match else {}
        answer = await client.put(address, json=tagged(name, tag, language=f"x-{number}"), headers=headers)
        assert answer.status_code == status, (number, answer.text)
    assert (await client.get(address)).json()["entry"][0]["resource"]["meta"]["versionId"] == "4"


@every_type
async def test_if_none_match_makes_a_record_only_where_there_is_none(client: httpx.AsyncClient, name: str) -> None:
    record, tag, absent = fresh(name.lower()), fresh("absent"), {"if-none-match": "*"}
    table = [
        ("PUT", f"/{name}/{record}", example(name, id=record), 201),
        ("PUT", f"/{name}/{record}", example(name, id=record), 412),
        ("PUT", f"/{name}/{record}", example(name, id=record, language="vi"), 412),
        ("DELETE", f"/{name}/{record}", None, 204),
        ("PUT", f"/{name}/{record}", example(name, id=record), 201),
        ("PUT", f"/{name}?_tag={tag}", tagged(name, tag), 201),
        ("PUT", f"/{name}?_tag={tag}", tagged(name, tag, language="vi"), 412),
        ("PUT", f"/{name}?_tag=no-{tag}", tagged(name, tag, id=record), 412),
    ]
    for method, address, sent, status in table:
        headers = absent if method == "PUT" else {}
        answer = await client.request(method, address, json=sent, headers=headers)
        assert answer.status_code == status, (method, address, answer.text)
    for known in ('W/"1"', "1", ""):
        answer = await client.put(
            f"/{name}/{record}", json=example(name, id=record, language="vi"), headers={"if-none-match": known}
        )
        assert answer.status_code == 400, known
    assert (await client.get(f"/{name}/{record}")).headers["etag"] == 'W/"3"'


@every_type
async def test_if_match_with_a_star_asks_for_a_record(client: httpx.AsyncClient, name: str) -> None:
    record, some = fresh(name.lower()), {"if-match": "*"}
    address, sent = f"/{name}/{record}", example(name, id=record)
    steps = [
        ("PUT", sent, some, 412),
        ("DELETE", None, some, 412),
        ("PUT", sent, {}, 201),
        ("PUT", {**sent, "language": "vi"}, some, 200),
        ("PUT", {**sent, "language": "vi"}, some, 200),
        ("PUT", sent, {**some, "if-none-match": "*"}, 412),
        ("DELETE", None, some, 204),
        ("DELETE", None, some, 412),
        ("PUT", sent, some, 412),
    ]
    for number, (method, body, headers, status) in enumerate(steps):
        answer = await client.request(method, address, json=body, headers=headers)
        assert answer.status_code == status, (number, answer.text)
    assert (await client.get(f"{address}/_history")).json()["total"] == 3


@pytest.mark.parametrize("prefer", ["minimal", "representation", "OperationOutcome"])
async def test_what_a_conditional_write_gives_back_is_the_clients_to_say(
    client: httpx.AsyncClient, prefer: str
) -> None:
    tag, headers = fresh("prefer"), {"prefer": f"return={prefer}"}
    kept = {"minimal": None, "representation": "Practitioner", "OperationOutcome": "OperationOutcome"}[prefer]
    for status, language in ((201, "vi"), (200, "en"), (200, "en")):
        answer = await client.put(
            f"/Practitioner?_tag={tag}", json=tagged("Practitioner", tag, language=language), headers=headers
        )
        assert answer.status_code == status
        assert (answer.json()["resourceType"] if answer.content else None) == kept
        # The address named no record: only this header says which it was.
        assert "/Practitioner/" in answer.headers["location"]
        assert answer.headers["etag"]
        assert answer.headers["last-modified"]
    found = await client.post(
        "/Practitioner", json=tagged("Practitioner", tag), headers={**headers, "if-none-exist": f"_tag={tag}"}
    )
    assert (found.status_code, found.headers["etag"]) == (200, 'W/"2"')
    assert found.headers["location"] == answer.headers["location"]


async def test_a_number_held_by_another_is_refused_in_a_conditional_update(client: httpx.AsyncClient) -> None:
    number, one, tag = national_number(), fresh("holder"), fresh("seeker")
    await client.put(f"/Patient/{one}", json=patient(one, number=number))
    sent = {key: value for key, value in patient("x", number=number).items() if key != "id"}
    assert (await client.put(f"/Patient?_tag={tag}", json=sent)).status_code == 409
    found = await client.put(f"/Patient?identifier={number}", json={**sent, "gender": "female"})
    assert (found.status_code, found.json()["id"]) == (200, one)
    freed = await client.put(f"/Patient?identifier={number}", json={"resourceType": "Patient"})
    assert (freed.status_code, freed.json()["id"]) == (200, one)
    assert (await client.put(f"/Patient?identifier={number}", json=sent)).status_code == 201


async def test_a_condition_may_be_of_any_parameter_that_searches(client: httpx.AsyncClient) -> None:
    family = fresh("ten").replace("-", "")
    sent = {"resourceType": "Patient", "name": [{"text": f"Đặng Thị {family}"}], "birthDate": "1990-05-04"}
    record = (await client.post("/Patient", json=sent)).json()["id"]
    queries = [
        f"name:exact=Đặng Thị {family}",
        f"name=dang thi {family}&birthdate=1990-05-04",
        f"name:contains={family}&birthdate=lt1990-06&birthdate=gt1990-04",
        f"_id={record}&gender:missing=true",
    ]
    for number, query in enumerate(queries):
        answer = await client.put(f"/Patient?{query}", json={**sent, "language": f"x-{number}"})
        assert (answer.status_code, answer.json()["id"]) == (200, record), query
    page = await client.get(f"/Patient?_id={record}")
    assert (record_ids(page), "next" in links(page)) == ([record], False)
