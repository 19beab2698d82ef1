"""Entries that read, in transactions and batches alike. https://hl7.org/fhir/R4/http.html#transaction"""

from typing import Any

import httpx
import pytest

from tests.api.records import TYPES, bundle, entry, example, fresh, patient, places, statuses, visit

KINDS = pytest.mark.parametrize("kind", ["transaction", "batch"])


async def sent(client: httpx.AsyncClient, kind: str, *entries: dict) -> list[dict[str, Any]]:
    """Send a bundle that must be answered with 200 and return the entries of the answer."""
    answer = await client.post("/", json=bundle(*entries, kind=kind))
    assert answer.status_code == 200, answer.text
    assert answer.json()["type"] == f"{kind}-response"
    return answer.json()["entry"]


@KINDS
@pytest.mark.parametrize("name", TYPES)
async def test_each_way_to_read_answers_as_at_its_own_address(client: httpx.AsyncClient, name: str, kind: str) -> None:
    record, tag = fresh("reads"), fresh("reads")
    address = f"{name}/{record}"
    labelled = example(name, id=record, meta={"tag": [{"code": tag}]})
    for language in ("vi", "en"):
        assert (await client.put(f"/{address}", json={**labelled, "language": language})).is_success
    paths = [
        address,
        f"{address}/_history/1",
        f"{address}/_history",
        f"{name}?_tag={tag}",
        f"?_type={name}&_tag={tag}",
        "metadata",
        f"{address}?_elements=language",
    ]
    got = await sent(client, kind, *(entry("GET", path) for path in paths))
    for path, item in zip(paths, got, strict=True):
        assert item["response"]["status"] == "200", path
        alone = (await client.get(f"/{path}")).json()
        for body in (alone, item["resource"]):
            # A bundle of results is made anew each time: only what says when is another.
            body.pop("id", None)
            body.pop("link", None)
            body.get("meta", {}).pop("lastUpdated", None) if body["resourceType"] == "Bundle" else None
        assert item["resource"] == alone, path
    assert got[0]["response"]["etag"] == 'W/"2"'
    assert got[0]["response"]["location"] == f"{address}/_history/2"
    assert got[0]["response"]["lastModified"] == got[0]["resource"]["meta"]["lastUpdated"]
    assert got[1]["response"]["etag"] == 'W/"1"'


@KINDS
async def test_a_compartment_and_the_histories_of_a_type_and_the_system_are_listed(
    client: httpx.AsyncClient, kind: str
) -> None:
    record = fresh("compartment")
    await client.put(f"/Patient/{record}", json=patient(record))
    await client.put(f"/Encounter/{record}", json=visit(record, f"Patient/{record}"))
    got = await sent(
        client,
        kind,
        entry("GET", f"Patient/{record}/Encounter"),
        entry("GET", "Encounter/_history?_count=1"),
        entry("GET", "_history?_count=1"),
        entry("GET", "SearchParameter?_count=1"),
        entry("POST", f"Patient/_search?_id={record}"),
    )
    assert [item["resource"]["type"] for item in got] == ["searchset", "history", "history", "searchset", "searchset"]
    assert [item["resource"]["id"] for item in (got[0]["resource"]["entry"][0], got[4]["resource"]["entry"][0])] == [
        record,
        record,
    ]
    assert got[1]["resource"]["entry"][0]["fullUrl"] == f"http://tramy.test/fhir/Encounter/{record}"


@KINDS
@pytest.mark.parametrize("path", ["{0}", "{0}/_history/1", "{0}/_history", "Patient?_id={1}", "metadata"])
async def test_head_answers_without_the_resource(client: httpx.AsyncClient, kind: str, path: str) -> None:
    record = fresh("head")
    await client.put(f"/Patient/{record}", json=patient(record))
    (got,) = await sent(client, kind, entry("HEAD", path.format(f"Patient/{record}", record)))
    assert got["response"]["status"] == "200"
    assert "resource" not in got


@KINDS
@pytest.mark.parametrize(
    ("conditions", "status"),
    [
        ({"ifNoneMatch": 'W/"2"'}, "304"),
        ({"ifNoneMatch": '"2"'}, "304"),
        ({"ifNoneMatch": 'W/"1", W/"2"'}, "304"),
        ({"ifNoneMatch": "*"}, "304"),
        ({"ifNoneMatch": 'W/"1"'}, "200"),
        ({"ifModifiedSince": "now"}, "304"),
        ({"ifModifiedSince": "2020-01-01T00:00:00+07:00"}, "200"),
        ({"ifModifiedSince": "2100-01-01T00:00:00Z"}, "304"),
        ({"ifNoneMatch": 'W/"1"', "ifModifiedSince": "2100-01-01T00:00:00Z"}, "200"),
    ],
)
async def test_what_the_reader_has_is_not_sent_again(
    client: httpx.AsyncClient, kind: str, conditions: dict[str, str], status: str
) -> None:
    record = fresh("known")
    await client.put(f"/Patient/{record}", json=patient(record))
    second = await client.put(f"/Patient/{record}", json=patient(record, language="vi"))
    asked = {
        name: second.json()["meta"]["lastUpdated"] if value == "now" else value for name, value in conditions.items()
    }
    (got,) = await sent(client, kind, entry("GET", f"Patient/{record}", None, **asked))
    assert got["response"]["status"] == status
    assert got["response"]["etag"] == 'W/"2"'
    assert ("resource" in got) == (status == "200")


async def test_a_transaction_reads_what_it_has_written(client: httpx.AsyncClient) -> None:
    record, other, tag = fresh("after"), fresh("after"), fresh("after")
    label = {"tag": [{"code": tag}]}
    await client.put(f"/Organization/{other}", json=example("Organization", id=other, meta=label))
    got = await sent(
        client,
        "transaction",
        entry("GET", f"Patient/{record}"),
        entry("GET", f"Patient?_tag={tag}"),
        entry("GET", f"Organization?_tag={tag}"),
        entry("GET", f"Patient/{record}/_history"),
        entry("PUT", f"Patient/{record}", patient(record, meta=label)),
        entry("DELETE", f"Organization/{other}"),
    )
    assert got[0]["resource"]["id"] == record
    assert [item["resource"]["total"] for item in got[1:4]] == [1, 0, 1]


@KINDS
async def test_an_address_may_be_whole(client: httpx.AsyncClient, kind: str) -> None:
    record = fresh("whole")
    got = await sent(
        client,
        kind,
        entry("PUT", f"http://tramy.test/fhir/Patient/{record}", patient(record)),
        entry("GET", f"/Patient?_id={record}"),
    )
    assert [item["response"]["status"] for item in got] == ["201", "200"]
    elsewhere = await client.post("/", json=bundle(entry("GET", f"http://hs.example/fhir/Patient/{record}")))
    assert (elsewhere.status_code, places(elsewhere)) == (400, ["Bundle.entry[0].request"])


async def test_an_operation_runs_in_a_batch_and_not_in_a_transaction(client: httpx.AsyncClient) -> None:
    parameters = {
        "resourceType": "Parameters",
        "parameter": [{"name": "resource", "resource": {"resourceType": "Patient", "gender": "x"}}],
    }
    asked = [entry("POST", "Patient/$validate", parameters), entry("GET", "Patient/$nothing-of-the-kind")]
    done = await client.post("/", json=bundle(*asked, kind="batch"))
    assert statuses(done) == ["200", "404"]
    assert done.json()["entry"][0]["resource"]["resourceType"] == "OperationOutcome"
    refused = await client.post("/", json=bundle(*asked))
    assert (refused.status_code, places(refused)) == (400, ["Bundle.entry[0]", "Bundle.entry[1]"])
