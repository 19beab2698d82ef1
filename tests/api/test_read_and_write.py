"""A record's life over HTTP, for every type: create, read, vread, update, delete, history."""

from email.utils import parsedate_to_datetime

import httpx
import pytest

from tests.api.records import TYPES, example, fresh, lasting, links, patient, places

pytestmark = pytest.mark.parametrize("name", TYPES)


async def test_what_is_created_can_be_read(client: httpx.AsyncClient, name: str) -> None:
    created = await client.post(f"/{name}", json=example(name))
    assert created.status_code == 201, created.text
    assert created.headers["etag"] == 'W/"1"'
    record = created.json()["id"]
    assert created.headers["location"] == f"http://tramy.test/fhir/{name}/{record}/_history/1"
    read = await client.get(f"/{name}/{record}")
    assert read.status_code == 200
    assert read.content == created.content
    assert read.headers["content-type"] == "application/fhir+json; charset=utf-8"
    assert read.headers["etag"] == 'W/"1"'
    changed = parsedate_to_datetime(read.headers["last-modified"])
    assert read.json()["meta"]["lastUpdated"].startswith(changed.strftime("%Y-%m-%dT%H:%M:%S."))


async def test_an_id_and_a_version_in_a_created_body_are_the_servers_to_give(
    client: httpx.AsyncClient, name: str
) -> None:
    sent = example(name, id=fresh("mine"), meta={"versionId": "77", "lastUpdated": "1999-01-01T00:00:00Z"})
    created = (await client.post(f"/{name}", json=sent)).json()
    assert created["id"] != sent["id"]
    assert created["meta"]["versionId"] == "1"
    assert created["meta"]["lastUpdated"] > "2020"


async def test_a_life_from_client_id_to_deletion_and_back(client: httpx.AsyncClient, name: str) -> None:
    record, address = fresh(name.lower()), ""
    address = f"/{name}/{record}"
    first, second = example(name, id=record), example(name, id=record, language="vi")
    steps = [
        (await client.get(address), 404, None),
        (await client.put(address, json=first), 201, "1"),
        (await client.put(address, json=second), 200, "2"),
        (await client.put(address, json=second), 200, "2"),
        (await client.delete(address), 204, "3"),
        (await client.get(address), 410, None),
        (await client.head(address), 410, None),
        (await client.delete(address), 204, None),
        (await client.put(address, json=first), 201, "4"),
        (await client.get(address), 200, "4"),
    ]
    assert [(answer.status_code, answer.headers.get("etag")) for answer, _, _ in steps] == [
        (status, f'W/"{version}"' if version else None) for _, status, version in steps
    ]
    assert steps[4][0].content == b""
    versions = [(await client.get(f"{address}/_history/{number}")).status_code for number in range(6)]
    assert versions == [404, 200, 200, 410, 200, 404]
    assert "language" not in (await client.get(f"{address}/_history/1")).json()
    assert (await client.get(f"{address}/_history/2")).json()["language"] == "vi"


async def test_history_lists_every_version_newest_first_and_pages(client: httpx.AsyncClient, name: str) -> None:
    record = fresh(name.lower())
    address = f"/{name}/{record}"
    assert (await client.get(f"{address}/_history")).status_code == 404
    await client.put(address, json=example(name, id=record))
    await client.put(address, json=example(name, id=record, language="vi"))
    await client.delete(address)
    whole = await client.get(f"{address}/_history")
    listed = [(item["request"]["method"], item["response"]["etag"]) for item in whole.json()["entry"]]
    assert listed == [("DELETE", 'W/"3"'), ("PUT", 'W/"2"'), ("PUT", 'W/"1"')]
    assert whole.json()["type"] == "history"
    assert whole.json()["total"] == 3
    times = [item["response"]["lastModified"] for item in whole.json()["entry"]]
    assert times == sorted(times, reverse=True)
    assert len(set(times)) == 3
    walked, page = [], await client.get(f"{address}/_history?_count=2")
    while True:
        assert page.json()["total"] == 3
        walked += [item["response"]["etag"] for item in page.json()["entry"]]
        if "next" not in links(page):
            break
        page = await client.get(links(page)["next"])
    assert walked == ['W/"3"', 'W/"2"', 'W/"1"']


async def test_a_version_that_is_not_the_current_one_is_refused(client: httpx.AsyncClient, name: str) -> None:
    record = fresh(name.lower())
    address, body = f"/{name}/{record}", example(name, id=record)
    table = [
        ('W/"1"', 412),  # Nothing is there yet.
        (None, 201),
        ('W/"2"', 412),
        ('W/"0"', 400),
        ("*, *", 400),
        ("1", 400),
        ('"1"', 200),
        ('W/"1"', 412),
    ]
    for number, (if_match, status) in enumerate(table):
        headers = {"if-match": if_match} if if_match else {}
        answer = await client.put(address, json={**body, "language": f"x-{number}"}, headers=headers)
        assert answer.status_code == status, (if_match, answer.text)
    assert (await client.delete(address, headers={"if-match": 'W/"1"'})).status_code == 412
    assert (await client.delete(address, headers={"if-match": 'W/"2"'})).status_code == 204


async def test_an_update_must_name_the_record_it_is_sent_to(client: httpx.AsyncClient, name: str) -> None:
    record = fresh(name.lower())
    for sent in (example(name), example(name, id="another")):
        answer = await client.put(f"/{name}/{record}", json=sent)
        assert answer.status_code == 400
        assert places(answer) == [f"{name}.id"]
    other = patient(record) if name != "Patient" else example("Organization", id=record)
    assert (await client.put(f"/{name}/{record}", json=other)).status_code == 400
    assert (await client.get(f"/{name}/{record}")).status_code == 404


async def test_tags_profiles_and_security_labels_are_kept_and_searched(client: httpx.AsyncClient, name: str) -> None:
    tag = fresh("tag")
    meta = {
        "profile": [f"http://hs.example/{tag}"],
        "security": [{"system": "http://hs.example/security", "code": tag}],
        "tag": [{"system": "http://hs.example/tags", "code": tag}],
        "source": f"http://hs.example/from/{tag}",
    }
    created = await client.post(f"/{name}", json=example(name, meta=meta))
    assert {key: created.json()["meta"][key] for key in meta} == meta
    queries = [
        f"_tag=http://hs.example/tags|{tag}",
        f"_tag={tag}",
        f"_profile=http://hs.example/{tag}",
        f"_security={tag}",
        f"_source=http://hs.example/from/{tag}",
        f"_id={created.json()['id']}",
    ]
    for query in queries:
        found = (await client.get(f"/{name}?{query}")).json()
        assert found["total"] == 1, query
        assert found["entry"][0]["resource"] == created.json()
        assert found["entry"][0]["fullUrl"] == f"http://tramy.test/fhir/{name}/{created.json()['id']}"
        assert found["entry"][0]["search"] == {"mode": "match"}


@pytest.mark.parametrize(("prefer", "length"), [("minimal", 0), ("representation", 2), ("OperationOutcome", 2)])
async def test_what_a_write_gives_back_is_the_clients_to_say(
    client: httpx.AsyncClient, name: str, prefer: str, length: int
) -> None:
    record, headers = fresh(name.lower()), {"prefer": f"return={prefer}"}
    address = f"/{name}/{record}"
    answers = [
        await client.post(f"/{name}", json=example(name), headers=headers),
        await client.put(address, json=example(name, id=record), headers=headers),
        await client.put(address, json=example(name, id=record, language="vi"), headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 200]
    for answer in answers:
        assert answer.headers["etag"]
        assert answer.headers["last-modified"]
        if length:
            assert answer.json()["resourceType"] == (name if prefer == "representation" else prefer)
        else:
            assert answer.content == b""
    deleted = await client.delete(address, headers=headers)
    assert deleted.status_code == (200 if prefer == "OperationOutcome" else 204)
    assert bool(deleted.content) == (deleted.status_code == 200)
    assert deleted.headers["etag"] == 'W/"3"'


async def test_head_is_get_without_its_body(client: httpx.AsyncClient, name: str) -> None:
    record = (await client.post(f"/{name}", json=example(name))).json()["id"]
    for address in (f"/{name}/{record}", f"/{name}/{record}/_history/1", f"/{name}?_id={record}", f"/{name}/none"):
        got, head = await client.get(address), await client.head(address)
        assert head.content == b""
        assert (head.status_code, lasting(head)) == (got.status_code, lasting(got)), address
