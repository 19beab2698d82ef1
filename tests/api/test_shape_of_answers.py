"""`_summary` and `_elements` over HTTP, for every type: on reads, on versions and on pages of a search."""

import httpx
import pytest

from tests.api.records import TYPES, example, fresh, lasting, places

SUBSETTED = "SUBSETTED"
TEXT = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}


def is_cut(resource: dict) -> bool:
    """Return whether a resource says that it is not whole."""
    return any(tag["code"] == SUBSETTED for tag in resource["meta"].get("tag", ()))


async def held(client: httpx.AsyncClient, name: str) -> dict:
    """Store a record with a text and a tag of its own, and return it."""
    sent = example(name, text=TEXT, language="vi", meta={"tag": [{"code": fresh("shape")}]})
    created = await client.post(f"/{name}", json=sent)
    assert created.status_code == 201, created.text
    return created.json()


@pytest.mark.parametrize("name", TYPES)
async def test_a_record_is_read_in_the_shape_that_is_asked_for(client: httpx.AsyncClient, name: str) -> None:
    whole = await held(client, name)
    address = f"/{name}/{whole['id']}"
    for query, there, gone in [
        ("_summary=true", set(), {"text", "language"}),
        ("_summary=text", {"text"}, {"language"}),
        ("_summary=data", {"language"}, {"text"}),
        ("_elements=language", {"language"}, {"text"}),
        (f"_elements={name}.language,text", {"language", "text"}, set()),
    ]:
        for place in (address, f"{address}/_history/1"):
            answer = await client.get(f"{place}?{query}")
            kept = answer.json()
            assert is_cut(kept), query
            assert {"resourceType", "id", "meta", *there} <= set(kept), query
            assert not gone & set(kept), query
            assert all(kept[key] == whole[key] for key in kept if key != "meta")
            assert answer.headers["etag"] == 'W/"1"'
            head = await client.head(f"{place}?{query}")
            assert (head.content, lasting(head)) == (b"", lasting(answer))
    assert (await client.get(f"{address}?_summary=false")).json() == whole
    assert (await client.get(address)).json() == whole


@pytest.mark.parametrize("name", TYPES)
async def test_a_page_is_sent_in_the_shape_that_is_asked_for(client: httpx.AsyncClient, name: str) -> None:
    whole = await held(client, name)
    query = f"/{name}?_tag={whole['meta']['tag'][0]['code']}"
    for shape in ("_summary=true", "_summary=text", "_summary=data", "_elements=language"):
        page = await client.get(f"{query}&{shape}")
        read = await client.get(f"/{name}/{whole['id']}?{shape}")
        assert page.json()["total"] == 1
        assert page.json()["entry"][0]["resource"] == read.json()
    counted = (await client.get(f"{query}&_summary=count")).json()
    assert (counted["total"], "entry" in counted) == (1, False)
    assert (await client.get(f"{query}&_summary=false")).json()["entry"][0]["resource"] == whole


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("_summary=all", "_summary"),
        ("_summary=", "_summary"),
        ("_elements=nothing", "_elements"),
        ("_elements=Unicorn.name", "_elements"),
        ("_elements=", "_elements"),
        ("_summary=true&_summary=true", "_summary"),
        ("_summary=true&_elements=id", "_elements"),
    ],
)
async def test_a_shape_that_is_not_understood_is_refused(
    client: httpx.AsyncClient, name: str, query: str, place: str
) -> None:
    whole = await held(client, name)
    for address in (f"/{name}/{whole['id']}", f"/{name}/{whole['id']}/_history/1", f"/{name}"):
        answer = await client.get(f"{address}?{query}")
        assert answer.status_code == 400, address
        assert places(answer) == [place], address


@pytest.mark.parametrize("name", TYPES)
async def test_one_record_cannot_be_counted(client: httpx.AsyncClient, name: str) -> None:
    whole = await held(client, name)
    answer = await client.get(f"/{name}/{whole['id']}?_summary=count")
    assert (answer.status_code, places(answer)) == (400, ["_summary"])


@pytest.mark.parametrize("name", TYPES)
async def test_a_part_of_a_resource_is_not_stored_as_the_whole(client: httpx.AsyncClient, name: str) -> None:
    whole = await held(client, name)
    address = f"/{name}/{whole['id']}"
    part = await client.get(f"{address}?_elements=meta")
    refused = await client.put(address, content=part.content)
    assert refused.status_code in (400, 422)
    cut = {**whole, "meta": part.json()["meta"]}
    refused = await client.put(address, json=cut)
    assert refused.status_code == 422
    assert refused.json()["issue"][0]["expression"] == [f"{name}.meta.tag"]
    assert (await client.get(address)).json() == whole
