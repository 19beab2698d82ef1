"""What a history lists: every version of a record, a type or the system, the newest first, and of a time where asked.

https://hl7.org/fhir/R4/http.html#history
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import quote

import httpx
import pytest

from tests.api.histories import Station, station, versions, walked
from tests.api.records import TYPES, example, fresh, lasting, links, places
from tests.conftest import opened

RECORD = "mau-1"
# Of every type one record has these versions. In Viet Nam the second is the last moment of 2 March, the third, a
# deletion, the first of 3 March.
TIMES = ["2026-03-01T10:00:00Z", "2026-03-02T16:59:59.999Z", "2026-03-02T17:00:00Z", "2026-03-10T01:00:00Z"]


@pytest.fixture(scope="module")
async def held(new_database: Callable[[], Awaitable[str]]) -> AsyncIterator[Station]:
    """A system that holds one record of each type and nothing else; the patient whom others name comes first."""
    async with station(await new_database()) as made:
        for kind in TYPES:
            await made.write(kind, RECORD, TIMES[0])
            await made.write(kind, RECORD, TIMES[1], "vi")
            await made.delete(kind, RECORD, TIMES[2])
            await made.write(kind, RECORD, TIMES[3])
        yield made


def addresses(kind: str) -> list[str]:
    """Return the addresses of histories in which the versions of this type's record stand."""
    return [f"/{kind}/{RECORD}/_history", f"/{kind}/_history", "/_history"]


def numbers(answer: httpx.Response, kind: str) -> list[int]:
    """Return the listed versions of this type's record."""
    return [int(item.rpartition("/")[2]) for item in versions(answer) if item.startswith(f"{kind}/")]


@pytest.mark.parametrize("kind", TYPES)
async def test_each_version_says_what_made_it_and_what_was_answered(held: Station, kind: str) -> None:
    for address in addresses(kind):
        answer = await held.client.get(address)
        assert answer.headers["content-type"].startswith("application/fhir+json")
        assert answer.json()["type"] == "history"
        entries = [item for item in answer.json()["entry"] if item["request"]["url"] == f"{kind}/{RECORD}"]
        assert [item["fullUrl"] for item in entries] == [f"http://tramy.test/fhir/{kind}/{RECORD}"] * 4
        assert [item["request"]["method"] for item in entries] == ["PUT", "DELETE", "PUT", "PUT"]
        assert [item["response"]["status"] for item in entries] == ["201", "204", "200", "201"]
        assert [item["response"]["etag"] for item in entries] == ['W/"4"', 'W/"3"', 'W/"2"', 'W/"1"']
        times = [item["response"]["lastModified"] for item in entries]
        assert times == [time.replace(":00Z", ":00.000Z") for time in reversed(TIMES)]
        for number, item in zip((4, 3, 2, 1), entries, strict=True):
            kept = await held.client.get(f"/{kind}/{RECORD}/_history/{number}")
            assert item.get("resource") == (None if number == 3 else kept.json())


async def test_the_system_lists_all_types_newest_first(held: Station) -> None:
    answer = await held.client.get("/_history")
    times = [item["response"]["lastModified"] for item in answer.json()["entry"]]
    assert times == sorted(times, reverse=True)
    assert sorted(versions(answer)) == sorted(f"{kind}/{RECORD}/{number}" for kind in TYPES for number in range(1, 5))
    assert answer.json()["total"] == 4 * len(TYPES)


@pytest.mark.parametrize("size", [1, 2, 3, len(TYPES), 25])
async def test_versions_of_one_time_are_each_on_one_page(held: Station, size: int) -> None:
    whole = versions(await held.client.get("/_history"))
    page = await held.client.get(f"/_history?_count={size}")
    assert await walked(held.client, page) == whole
    while "next" in links(page):
        page = await held.client.get(links(page)["next"])
    parts = [versions(page)]
    while "prev" in links(page):
        page = await held.client.get(links(page)["prev"])
        parts.insert(0, versions(page))
    assert [item for part in parts for item in part] == whole


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("_at=2026", [4, 3, 2, 1]),
        ("_at=2026-03", [4, 3, 2, 1]),
        ("_at=2026-02", []),
        ("_at=2026-03-01", [1]),
        ("_at=2026-03-02", [2, 1]),
        ("_at=2026-03-03", [3]),
        ("_at=2026-03-05", [3]),
        ("_at=2026-03-10", [4, 3]),
        ("_at=2027", [4]),
        ("_at=9999", [4]),
        ("_at=0001", []),
        ("_at=2026-03-02T16:59:59.998Z", [1]),
        ("_at=2026-03-02T16:59:59.999Z", [2]),
        ("_at=2026-03-02T16:59:59Z", [2, 1]),
        ("_at=2026-03-02T17:00:00.000Z", [3]),
        ("_at=2026-03-02T23:59", [2, 1]),
        ("_at=2026-03-03T00:00:00%2B07:00", [3]),
        ("_at=2026-03-01T09:59:59.999Z", []),
        ("_since=2026-03-01T10:00:00Z", [4, 3, 2, 1]),
        ("_since=2026-03-02T16:59:59.999Z", [4, 3, 2]),
        ("_since=2026-03-02T17:00:00Z", [4, 3]),
        ("_since=2026-03-03T00:00:00%2B07:00", [4, 3]),
        ("_since=2026-03-02T17:00:00.001Z", [4]),
        ("_since=2026-03-10T01:00:00.001Z", []),
        ("_since=2026-03-02T16:59:59.999Z&_at=2026-03-02", [2]),
    ],
)
async def test_a_history_of_a_time_has_the_versions_of_that_time(
    held: Station, kind: str, query: str, expected: list[int]
) -> None:
    for address in addresses(kind):
        answer = await held.client.get(f"{address}?{query}")
        assert numbers(answer, kind) == expected, address
        assert answer.json()["total"] == len(expected) * (len(TYPES) if address == "/_history" else 1), address
        only = (await held.client.get(f"{address}?{query}&_count=0")).json()
        assert "entry" not in only
        assert only["total"] == answer.json()["total"]


@pytest.mark.parametrize("kind", TYPES)
async def test_the_self_link_shows_the_parameters_as_they_were_applied(held: Station, kind: str) -> None:
    for address in addresses(kind):
        whole = f"http://tramy.test/fhir{address}"
        assert links(await held.client.get(f"{address}?_format=json&_pretty=true")) == {"self": whole}
        given = f"_since={quote('2026-03-01T17:00:00+07:00', safe='')}&_at=2026&_count=99999&_total=none"
        answer = await held.client.get(f"{address}?{given}&_format=json")
        own = links(answer)["self"]
        assert own == f"{whole}?{given.replace('99999', '1000').replace(':', '%3A')}".replace(
            "http%3A", "http:"
        ).replace("%3A//", "://")
        assert (await held.client.get(own)).json() == answer.json()
        assert "total" not in answer.json()


@pytest.mark.parametrize("address", [f"/Patient/{RECORD}/_history", "/Patient/_history", "/_history"])
@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("_count=-1", "_count"),
        ("_count=x", "_count"),
        ("_count=", "_count"),
        ("_count=1.5", "_count"),
        ("_count=%D9%A1", "_count"),
        ("_count=1&_count=2", "_count"),
        ("_since=2026-03-01", "_since"),
        ("_since=2026-03-01T10:00Z", "_since"),
        ("_since=2026-03-01T10:00:00", "_since"),
        ("_since=2026-02-30T10:00:00Z", "_since"),
        ("_since=ge2026-03-01T10:00:00Z", "_since"),
        ("_since=", "_since"),
        ("_since=2026-03-01T10:00:00Z&_since=2026-03-01T10:00:00Z", "_since"),
        ("_at=2026-13", "_at"),
        ("_at=ge2026", "_at"),
        ("_at=now", "_at"),
        ("_at=2026-03-01T10:00:00 07:00", "_at"),
        ("_total=estimate", "_total"),
        ("_total=yes", "_total"),
        ("_sort=_id", "_sort"),
        ("_type=Patient", "_type"),
        ("_cursor=1", "_cursor"),
        ("name=An", "name"),
        ("%3Cb%3E=1", "?"),
        ("_page=", "_page"),
        ("_page=AAAA", "_page"),
    ],
)
async def test_a_parameter_that_is_not_understood_is_refused(
    held: Station, address: str, query: str, place: str
) -> None:
    answer = await held.client.get(f"{address}?{query}")
    assert answer.status_code == 400, answer.text
    assert places(answer) == [place]


@pytest.mark.parametrize("kind", TYPES)
async def test_what_was_deleted_keeps_its_history_and_what_never_was_has_none(
    client: httpx.AsyncClient, kind: str
) -> None:
    record = fresh(kind.lower())
    never = await client.get(f"/{kind}/{record}/_history")
    assert never.status_code == 404
    for query in ("?_count=0", "?_since=2999-01-01T00:00:00Z"):
        assert (await client.get(f"/{kind}/{record}/_history{query}")).status_code == 404
    await client.put(f"/{kind}/{record}", json=example(kind, id=record))
    await client.delete(f"/{kind}/{record}")
    answer = await client.get(f"/{kind}/{record}/_history")
    assert versions(answer) == [f"{kind}/{record}/2", f"{kind}/{record}/1"]
    later = await client.get(f"/{kind}/{record}/_history?_since=2999-01-01T00:00:00Z")
    assert (later.status_code, later.json()["total"], versions(later)) == (200, 0, [])


@pytest.mark.parametrize("kind", TYPES)
async def test_head_is_answered_like_get_without_a_body(held: Station, kind: str) -> None:
    for address in addresses(kind):
        got, head = await held.client.get(address), await held.client.head(address)
        assert (head.status_code, head.content) == (200, b"")
        assert lasting(head) == lasting(got)


async def test_a_system_without_records_has_an_empty_history(database: str) -> None:
    async with opened(database) as (_, client):
        for address in ("/_history", *(f"/{kind}/_history" for kind in TYPES)):
            answer = await client.get(address)
            assert answer.json() == {
                "resourceType": "Bundle",
                "type": "history",
                "total": 0,
                "link": [{"relation": "self", "url": f"http://tramy.test/fhir{address}"}],
            }
