"""HEAD wherever GET works: the same status and headers, and nothing after them. https://hl7.org/fhir/R4/http.html#head"""

import httpx
import pytest

from tests.api.records import TYPES, example, fresh, lasting

WHOLE = ["/metadata", "/_history?_count=0", "/Nothing", "/Patient?unknown=1"]


async def require_alike(client: httpx.AsyncClient, address: str) -> None:
    """See that HEAD is answered like GET."""
    got, head = await client.get(address), await client.head(address)
    assert (head.status_code, lasting(head), head.content) == (got.status_code, lasting(got), b""), address
    plain = {"accept-encoding": "identity"}
    got, head = await client.get(address, headers=plain), await client.head(address, headers=plain)
    assert head.headers["content-length"] == got.headers["content-length"] == str(len(got.content)), address


@pytest.mark.parametrize("name", TYPES)
async def test_what_is_got_of_a_type_has_a_head(client: httpx.AsyncClient, name: str) -> None:
    record = fresh(name.lower())
    await client.put(f"/{name}/{record}", json=example(name, id=record))
    addresses = [
        f"/{name}/{record}",
        f"/{name}/{record}?_summary=true",
        f"/{name}/{record}?_pretty=true",
        f"/{name}/{record}/_history",
        f"/{name}/{record}/_history/1",
        f"/{name}/{record}/_history/2",
        f"/{name}?_id={record}",
        f"/{name}?_id={record}&_summary=count",
        f"/{name}/{fresh('none')}",
    ]
    for address in addresses:
        await require_alike(client, address)


@pytest.mark.parametrize("address", WHOLE)
async def test_what_is_got_of_the_system_has_a_head(client: httpx.AsyncClient, address: str) -> None:
    await require_alike(client, address)
