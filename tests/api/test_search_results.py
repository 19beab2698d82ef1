"""How results are given: totals, summaries, elements, leniency. https://hl7.org/fhir/R4/search.html#return"""

from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from tests.api.records import TYPES, example, fresh, links, record_ids

LENIENT = {"prefer": "handling=lenient"}


@pytest.fixture(scope="session")
async def tags(shared: tuple[object, httpx.AsyncClient]) -> dict[str, str]:
    """Store three records of each type under a tag and return the tags."""
    client, tags = shared[1], {}
    for kind in TYPES:
        tags[kind] = fresh("result")
        for number in range(3):
            record = f"{tags[kind]}-{number}"
            made = {**example(kind), "id": record, "meta": {"tag": [{"code": tags[kind]}]}}
            assert (await client.put(f"/{kind}/{record}", json=made)).status_code == 201
    return tags


@pytest.mark.parametrize("kind", TYPES)
async def test_a_total_is_given_as_it_is_wanted(client: httpx.AsyncClient, tags: dict[str, str], kind: str) -> None:
    address = f"/{kind}?_tag={tags[kind]}&_count=2"
    assert (await client.get(address)).json()["total"] == 3
    assert (await client.get(f"{address}&_total=accurate")).json()["total"] == 3
    none = await client.get(f"{address}&_total=none")
    assert "total" not in none.json()
    assert len(none.json()["entry"]) == 2
    assert "total" not in (await client.get(links(none)["next"])).json()
    assert isinstance((await client.get(f"{address}&_total=estimate")).json()["total"], int)
    assert "total" not in (await client.get(f"/{kind}?_total=none&_count=0")).json()
    assert (await client.get(f"{address}&_total=maybe")).status_code == 400


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("summary", ["true", "text", "data", "count", "false"])
async def test_a_summary_is_cut_and_says_so(
    client: httpx.AsyncClient, tags: dict[str, str], kind: str, summary: str
) -> None:
    answer = await client.get(f"/{kind}?_tag={tags[kind]}&_summary={summary}")
    assert answer.json()["total"] == 3
    assert f"_summary={summary}" in links(answer)["self"]
    if summary == "count":
        assert "entry" not in answer.json()
        return
    assert len(record_ids(answer)) == 3
    for item in answer.json()["entry"]:
        cut = "SUBSETTED" in [tag["code"] for tag in item["resource"]["meta"]["tag"]]
        assert cut == (summary != "false")


@pytest.mark.parametrize("kind", TYPES)
async def test_elements_are_chosen(client: httpx.AsyncClient, tags: dict[str, str], kind: str) -> None:
    answer = await client.get(f"/{kind}?_tag={tags[kind]}&_elements=identifier&_count=1")
    resource = answer.json()["entry"][0]["resource"]
    assert resource["id"] == f"{tags[kind]}-0"
    assert "text" not in resource
    following = (await client.get(links(answer)["next"])).json()["entry"][0]["resource"]
    assert following.keys() == resource.keys()
    assert (await client.get(f"/{kind}?_elements=nothing")).status_code == 400
    assert (await client.get(f"/{kind}?_summary=some")).status_code == 400


@pytest.mark.parametrize("kind", TYPES)
async def test_lenient_handling_leaves_out_and_reports_what_is_unknown(
    client: httpx.AsyncClient, tags: dict[str, str], kind: str
) -> None:
    asked = f"/{kind}?_tag={tags[kind]}&shoe-size=zz42zz&_tag:loud=x&_sort=shoe-size,_id&nothing.name=a&_has:X:y:z=1"
    assert (await client.get(asked)).status_code == 400
    assert (await client.get(asked, headers={"prefer": "handling=strict"})).status_code == 400
    answer = await client.get(asked, headers=LENIENT)
    assert answer.json()["total"] == 3
    assert dict(parse_qsl(urlsplit(links(answer)["self"]).query)) == {
        "_tag": tags[kind],
        "_sort": "_id",
        "_count": "50",
    }
    last = answer.json()["entry"][-1]
    assert last["search"] == {"mode": "outcome"}
    assert {issue["severity"] for issue in last["resource"]["issue"]} == {"warning"}
    assert len(last["resource"]["issue"]) == 5
    assert "zz42zz" not in answer.text


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("wrong", ["_lastUpdated=yesterday", "_count=-1", "_count=many", "_tag=", "_total=maybe"])
async def test_a_value_that_is_wrong_is_refused_leniently_too(client: httpx.AsyncClient, kind: str, wrong: str) -> None:
    strict = await client.get(f"/{kind}?{wrong}")
    assert strict.status_code == 400
    if wrong != "_tag=":
        assert (await client.get(f"/{kind}?{wrong}", headers=LENIENT)).status_code == 400
