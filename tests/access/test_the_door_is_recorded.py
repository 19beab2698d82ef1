"""What happens at the door is in the audit under the name of who came, and each program has its own pace."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from fastapi import FastAPI

from app.access import clients
from app.access.clients import Client
from app.config import Settings
from app.store.pool import lend
from tests.api.sign_in.door import form
from tests.api.sign_in.signing import Kit, ec, key_set
from tests.conftest import Open, opened


@pytest.fixture
async def door(new_database: Open) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    """The application and a client without a token."""
    settings = Settings(base_url="http://tramy.test/fhir", auth_rate_limit=0)
    async with opened(await new_database(), settings) as (app, signed):
        transport = signed._transport
        async with httpx.AsyncClient(transport=transport, base_url="http://tramy.test") as client:
            yield app, client


async def registered(app: FastAPI, name: str, rate: int | None = None) -> Kit:
    now = datetime.now(UTC)
    scopes, keys = "system/*.rs", key_set(ec(f"{name}-ec"))
    made = Client(name, name, "Organization/tyt-1", scopes, ("VN",), keys, None, rate, clients.new_generation(), now)
    async with lend(app.state.service.plain) as connection:
        await clients.add(connection, made)
    return Kit(name, now.timestamp())


async def rows(app: FastAPI, answer: httpx.Response) -> list[tuple[str, str, int]]:
    found = await app.state.service.plain.fetch(
        "select interaction, client, status from audit where request = $1", answer.headers["x-request-id"]
    )
    return [tuple(row) for row in found]


async def signed_in(client: httpx.AsyncClient, kit: Kit, scope: str = "system/Patient.rs") -> httpx.Response:
    assertion = kit.assertion()
    return await client.post("/auth/token", data=form(assertion, scope=scope))


async def test_a_token_that_was_given_or_refused_is_recorded_with_the_program(door) -> None:
    app, client = door
    kit = await registered(app, "vendor")
    given = await signed_in(client, kit)
    assert given.status_code == 200, given.text
    assert await rows(app, given) == [("token", "vendor", 200)]
    refused = await signed_in(client, kit, "system/Patient.d")
    assert refused.status_code == 400
    assert await rows(app, refused) == [("token", "vendor", 400)]
    unproven = await client.post("/auth/token", data=form("x.y.z", scope="system/Patient.rs"))
    assert await rows(app, unproven) == [("token", "", unproven.status_code)]


async def test_a_token_that_was_ended_or_asked_about_is_recorded_with_the_program(door) -> None:
    app, client = door
    kit = await registered(app, "vendor")
    token = (await signed_in(client, kit)).json()["access_token"]
    for place, word in (("introspect", "introspect"), ("revoke", "revoke")):
        assertion = kit.assertion()
        sent = {**form(assertion), "token": token}
        answer = await client.post(f"/auth/{place}", data={k: v for k, v in sent.items() if k != "grant_type"})
        assert answer.status_code == 200, answer.text
        assert await rows(app, answer) == [(word, "vendor", 200)]
    gone = await client.get("/fhir/Patient", headers={"Authorization": f"Bearer {token}"})
    assert gone.status_code == 401


async def test_a_program_with_a_pace_of_its_own_is_held_to_it_and_others_are_not(door) -> None:
    app, client = door
    slow, other = await registered(app, "slow", rate=2), await registered(app, "other")
    headers = [
        {"Authorization": f"Bearer {(await signed_in(client, kit)).json()['access_token']}"} for kit in (slow, other)
    ]
    statuses = [[(await client.get("/fhir/Patient", headers=who)).status_code for _ in range(3)] for who in headers]
    assert statuses == [[200, 200, 429], [200, 200, 200]]
