"""One application for the tests of what crosses between two stations: each makes ids of its own."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.access.world import (
    HERE,
    IDS,
    OTHERS,
    OWN,
    OWNED,
    SHARED,
    THERE,
    Two,
    patient,
    record,
    station,
)
from tests.conftest import Open, opened


@pytest.fixture(scope="session")
async def two(new_database: Open) -> AsyncIterator[Two]:
    """Two stations, each with somebody who has a record of every type, in two versions."""
    async with opened(await new_database()) as (app, whole):
        one, other = await station(app, HERE, "one"), await station(app, THERE, "other")
        async with one, other:
            await filled(one, other)
            yield Two(app, one, other, whole)


async def filled(one: httpx.AsyncClient, other: httpx.AsyncClient) -> None:
    """Let each of two stations register somebody with a record of every type."""
    for who, end, commune in ((one, OTHERS, "00004"), (other, OWN, "00008")):
        await _fill(who, end, commune)


async def _fill(who: httpx.AsyncClient, end: str, commune: str) -> None:
    person = f"{IDS['Patient']}-{end}"
    digits = {OTHERS: "010190000001", OWN: "010190000002"}[end]
    sent = [patient(person, commune, digits)]
    sent += [record(kind, f"{name}-{end}", person) for kind, name in {**SHARED, **OWNED}.items()]
    for item in sent:
        for language in (None, "vi"):
            body = {**item, **({"language": language} if language else {})}
            answer = await who.put(f"/{item['resourceType']}/{item['id']}", json=body)
            assert answer.status_code in (200, 201), answer.text
    gone = record("Encounter", f"xoa-{end}", person)
    assert (await who.put(f"/Encounter/xoa-{end}", json=gone)).status_code == 201
    assert (await who.delete(f"/Encounter/xoa-{end}")).status_code == 204
