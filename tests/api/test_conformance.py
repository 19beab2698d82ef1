"""What docs/conformance.md says is not supported is refused as it says, and what it says of limits holds."""

import re
from pathlib import Path

import httpx
import pytest

from tests.api.records import example

PAGE = (Path(__file__).parents[2] / "docs" / "conformance.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `([A-Z]+) ([^`]+)` \| (\d{3}) \|", PAGE, re.MULTILINE)


def most(what: str) -> int:
    """Return a limit of the page."""
    found = re.search(rf"^\| {re.escape(what)} \| (\d+) \|", PAGE, re.MULTILINE)
    assert found
    return int(found[1])


def test_the_page_lists_what_is_not_supported() -> None:
    assert len(ROWS) >= 20


@pytest.mark.parametrize(("method", "address", "status"), ROWS)
async def test_what_is_not_supported_is_refused_as_the_page_says(
    client: httpx.AsyncClient, method: str, address: str, status: str
) -> None:
    body = example("Patient") if method == "PUT" else None
    written = address.replace("[base]", "").replace("\\|", "|")
    answer = await client.request(method, f"/{written}" if written else "", json=body)
    assert answer.status_code == int(status), answer.text
    assert answer.json()["resourceType"] == "OperationOutcome"


async def refused(client: httpx.AsyncClient, query: str) -> int:
    return (await client.post("/Patient/_search", content=query, headers=FORM)).status_code


FORM = {"content-type": "application/x-www-form-urlencoded"}


async def test_the_limits_of_a_search_are_those_of_the_page(client: httpx.AsyncClient) -> None:
    conditions, values = most("Conditions in one search"), most("Alternatives in one condition")
    links, keys = most("Links of a chain or of `_has`"), most("Keys of `_sort`")
    for number, status in ((0, 200), (1, 400)):
        assert await refused(client, "&".join(["active=true"] * (conditions + number))) == status
        assert await refused(client, f"_id={','.join(['a'] * (values + number))}") == status
        assert await refused(client, f"{'link:Patient.' * (links + number)}_id=a") == status
        assert await refused(client, f"_sort={','.join(['name'] * (keys + number))}") == status


async def test_lenient_handling_leaves_out_what_is_not_known_and_refuses_what_is_malformed(
    client: httpx.AsyncClient,
) -> None:
    lenient = {"prefer": "handling=lenient"}
    answer = await client.get("/Patient?nickname=a&active:above=true&_sort=nickname&_count=1", headers=lenient)
    assert answer.status_code == 200
    assert answer.json()["link"][0]["url"].endswith("/Patient?_count=1")
    assert answer.json()["entry"][-1]["search"]["mode"] == "outcome"
    for query in ("_lastUpdated=yesterday", "_count=few", "_summary=short"):
        assert (await client.get(f"/Patient?{query}", headers=lenient)).status_code == 400


async def test_a_profile_that_is_claimed_is_kept_and_not_checked(client: httpx.AsyncClient) -> None:
    claimed = "https://elsewhere.example/fhir/StructureDefinition/stricter"
    answer = await client.post("/Organization", json=example("Organization", meta={"profile": [claimed]}))
    assert answer.status_code == 201
    assert answer.json()["meta"]["profile"] == [claimed]
    found = await client.get("/Organization", params={"_profile": claimed})
    assert found.json()["total"] == 1


@pytest.mark.parametrize("kind", ["document", "message", "collection", "searchset"])
async def test_other_bundles_than_transactions_and_batches_are_not_taken(client: httpx.AsyncClient, kind: str) -> None:
    answer = await client.post("/", json={"resourceType": "Bundle", "type": kind})
    assert answer.status_code == 400
