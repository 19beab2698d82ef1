"""Conditional reads: only what the client does not have yet, for every type. https://hl7.org/fhir/R4/http.html#cread"""

from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import httpx
import pytest
import time_machine

from tests.api.records import TYPES, example, fresh

YEAR = timedelta(days=365)


async def twice(client: httpx.AsyncClient, name: str) -> tuple[str, httpx.Response]:
    """Write two versions and return the address, and the answer to a read."""
    address = f"/{name}/{fresh(name.lower())}"
    sent = example(name, id=address.rpartition("/")[2])
    await client.put(address, json=sent)
    await client.put(address, json={**sent, "language": "vi"})
    return address, await client.get(address)


@pytest.mark.parametrize("name", TYPES)
async def test_a_client_that_has_the_version_gets_its_headers_only(client: httpx.AsyncClient, name: str) -> None:
    address, whole = await twice(client, name)
    table = [
        ('W/"2"', 304),
        ('"2"', 304),
        ("*", 304),
        (' W/"7" ,W/"2"', 304),
        ('W/"1"', 200),
        ('W/"1", "22"', 200),
        ("2", 200),
        ("", 200),
    ]
    for known, status in table:
        for method in ("GET", "HEAD"):
            answer = await client.request(method, address, headers={"if-none-match": known})
            assert answer.status_code == status, (method, known)
            assert answer.headers["etag"] == whole.headers["etag"] == 'W/"2"'
            assert answer.headers["last-modified"] == whole.headers["last-modified"]
            assert answer.content == (whole.content if (method, status) == ("GET", 200) else b"")
            assert ("content-type" in answer.headers) == (status == 200)


@pytest.mark.parametrize("name", TYPES)
async def test_a_version_is_asked_for_with_the_same_conditions(client: httpx.AsyncClient, name: str) -> None:
    address, _ = await twice(client, name)
    for version, known, status in ((1, 'W/"1"', 304), (1, 'W/"2"', 200), (2, 'W/"2"', 304)):
        answer = await client.get(f"{address}/_history/{version}", headers={"if-none-match": known})
        assert (answer.status_code, answer.headers["etag"]) == (status, f'W/"{version}"')
        assert bool(answer.content) == (status == 200)


@pytest.mark.parametrize("name", TYPES)
async def test_a_date_says_what_the_client_has(client: httpx.AsyncClient, name: str) -> None:
    address = f"/{name}/{fresh(name.lower())}"
    await client.put(address, json=example(name, id=address.rpartition("/")[2]))
    written = (await client.get(address)).headers["last-modified"]
    time = parsedate_to_datetime(written)
    table = [
        (written, 304),
        (time.strftime("%A, %d-%b-%y %H:%M:%S GMT"), 304),
        (time.strftime("%a %b %e %H:%M:%S %Y"), 304),
        (imf(time - timedelta(seconds=1)), 200),
        (imf(time - YEAR), 200),
        (imf(time + YEAR), 200),  # It is to come, and so no time at which the client can have read.
        (time.isoformat(), 200),
        ("yesterday", 200),
        ("", 200),
        ("Mon, 99 Foo 2026 99:99:99 GMT", 200),
    ]
    for since, status in table:
        for place in (address, f"{address}/_history/1"):
            answer = await client.get(place, headers={"if-modified-since": since})
            assert (answer.status_code, answer.headers["etag"]) == (status, 'W/"1"'), since


def imf(time: datetime) -> str:
    return format_datetime(time, usegmt=True)


async def test_a_tag_goes_before_a_date(client: httpx.AsyncClient) -> None:
    address, whole = await twice(client, "Patient")
    old = imf(parsedate_to_datetime(whole.headers["last-modified"]) - YEAR)
    both = {"if-none-match": 'W/"1"', "if-modified-since": whole.headers["last-modified"]}
    assert (await client.get(address, headers=both)).status_code == 200
    both = {"if-none-match": 'W/"2"', "if-modified-since": old}
    assert (await client.get(address, headers=both)).status_code == 304


async def test_of_two_versions_in_one_second_a_date_hides_none(client: httpx.AsyncClient) -> None:
    record = fresh("second")
    address = f"/Practitioner/{record}"
    sent = example("Practitioner", id=record)
    with time_machine.travel("2026-05-04T03:02:01.100Z", tick=False):
        await client.put(address, json=sent)
        date = (await client.get(address)).headers["last-modified"]
        assert (await client.get(address, headers={"if-modified-since": date})).status_code == 304
    with time_machine.travel("2026-05-04T03:02:01.600Z", tick=False):
        await client.put(address, json={**sent, "language": "vi"})
    known = {"if-modified-since": date}
    with time_machine.travel("2026-05-04T04:00:00Z", tick=False):
        answer = await client.get(address, headers=known)
        assert (answer.status_code, answer.headers["last-modified"], answer.json()["language"]) == (200, date, "vi")
        later = await client.get(address, headers={"if-modified-since": "Mon, 04 May 2026 03:02:02 GMT"})
        assert later.status_code == 304


async def test_what_is_gone_or_was_never_here_is_said_whatever_the_client_has(client: httpx.AsyncClient) -> None:
    address, _ = await twice(client, "Location")
    await client.delete(address)
    for place, status in ((address, 410), (f"/Location/{fresh('none')}", 404), (f"{address}/_history/3", 410)):
        for known in ({"if-none-match": "*"}, {"if-modified-since": "Mon, 04 May 2026 03:02:02 GMT"}):
            assert (await client.get(place, headers=known)).status_code == status


async def test_a_read_may_be_cut_to_a_shape(client: httpx.AsyncClient) -> None:
    address, whole = await twice(client, "Patient")
    for place in (address, f"{address}/_history/2"):
        cut = await client.get(f"{place}?_elements=gender")
        assert "name" in whole.json()
        assert {"id", "gender"} <= cut.json().keys() < whole.json().keys() - {"name"}
        assert cut.headers["etag"] == 'W/"2"'
        head = await client.head(f"{place}?_elements=gender")
        assert (head.headers["content-length"], head.content) == (str(len(cut.content)), b"")
        assert (await client.get(f"{place}?_summary=false")).content == whole.content
        assert (await client.get(f"{place}?_summary=perhaps")).status_code == 400
        assert (await client.get(f"{place}?gender=male")).status_code == 400
        known = {"if-none-match": 'W/"2"'}
        assert (await client.get(f"{place}?_elements=gender", headers=known)).status_code == 304
