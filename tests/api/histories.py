"""An application whose time is set by the test, and how histories are read."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import httpx
from fastapi import FastAPI

from app.fhir.service import Service
from tests.api.records import example, links
from tests.conftest import opened


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def set(self, text: str) -> None:
        self.time = datetime.fromisoformat(text)


class Station:
    """The application with a clock and a client."""

    def __init__(self, app: FastAPI, client: httpx.AsyncClient) -> None:
        self.client, self.clock = client, Clock()
        app.state.service = replace(app.state.service, clock=self.clock)
        self.service: Service = app.state.service

    async def write(self, kind: str, record: str, time: str, language: str = "") -> None:
        """Store a version at a time."""
        self.clock.set(time)
        sent = example(kind, id=record, **({"language": language} if language else {}))
        answer = await self.client.put(f"/{kind}/{record}", json=sent)
        assert answer.status_code in (200, 201), answer.text

    async def delete(self, kind: str, record: str, time: str) -> None:
        """Delete a record at a time."""
        self.clock.set(time)
        assert (await self.client.delete(f"/{kind}/{record}")).status_code == 204


@asynccontextmanager
async def station(url: str) -> AsyncIterator[Station]:
    """Open the application on a database."""
    async with opened(url) as (app, client):
        yield Station(app, client)


def versions(answer: httpx.Response) -> list[str]:
    """Return `Type/id/version` of each entry of a history."""
    assert answer.status_code == 200, answer.text
    return [
        f"{item['request']['url']}/{item['response']['etag'].removeprefix('W/').strip(chr(34))}"
        for item in answer.json().get("entry", [])
    ]


async def walked(client: httpx.AsyncClient, page: httpx.Response, relation: str = "next") -> list[str]:
    """Return the versions from a page on, following the links of a relation."""
    found = versions(page)
    while relation in links(page):
        page = await client.get(links(page)[relation])
        found += versions(page)
        assert len(found) < 5000, "the links lead round in a circle"
    return found
