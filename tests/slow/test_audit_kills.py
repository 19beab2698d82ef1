"""Kills with -9 under a mix of requests: each that got an answer is in the audit, and the chain over it is whole."""

import asyncio
import itertools
import json
import os
import random
from pathlib import Path

import asyncpg
import httpx
import pytest

from app.store.sockets import address, sockets_of
from tests.cli.test_commands import tramy
from tests.slow.test_kills import Served, bundle, ready

CLIENTS = 8
ROUNDS = 8

pytestmark = pytest.mark.slow


class Unlimited(Served):
    """`tramy serve` for one client that asks as often as it can."""

    def start(self) -> None:
        os.environ["TRAMY_RATE_LIMIT"] = os.environ["TRAMY_AUTH_RATE_LIMIT"] = "0"
        super().start()


def requests(writer: int, token: str) -> itertools.cycle:
    """Return a mix without end: reads, searches, bundles, entries that fail, refusals of every kind."""
    good, bad = {"Authorization": f"Bearer {token}"}, {"Authorization": f"Bearer tramy_{'x' * 43}"}
    batch = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [
            {"request": {"method": "GET", "url": url}}
            for url in (f"Patient/w{writer}-0", "Patient/nobody", "Nothing/1")
        ],
    }
    return itertools.cycle(
        [
            ("POST", "", good, bundle(writer, 0)),
            ("GET", f"/Patient/w{writer}-0", good, None),
            ("GET", "/Patient?name=mau&_count=5", good, None),
            ("GET", "/Patient/nobody", good, None),
            ("POST", "", good, bundle(writer, 1)),
            ("POST", "", good, batch),
            ("GET", "/Patient", bad, None),
            ("GET", "/Patient", {}, None),
            ("GET", "/Patient?nickname=x", good, None),
            ("PUT", f"/Patient/w{writer}-0", good, {"resourceType": "Patient", "id": "another"}),
            ("GET", "/_history?_count=3", good, None),
            ("DELETE", f"/Encounter/w{writer}-1-v", good, None),
        ]
    )


async def ask(base: str, writer: int, token: str, stop: asyncio.Event, answered: dict[str, int]) -> None:
    """Send the mix and note each answer by its request id."""
    mix = requests(writer, token)
    async with httpx.AsyncClient(timeout=10, headers={"content-type": "application/fhir+json"}) as client:
        while not stop.is_set():
            method, path, headers, body = next(mix)
            try:
                answer = await client.request(
                    method, base + path, headers=headers, content=json.dumps(body) if body else None
                )
            except httpx.TransportError:
                await asyncio.sleep(0.05)
                continue
            if answer.status_code != 503:
                answered[answer.headers["x-request-id"]] = answer.status_code


async def test_every_request_that_was_answered_is_in_the_audit_after_kills(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert tramy(data, "migrate").returncode == 0
    served = Unlimited(data)
    answered: dict[str, int] = {}
    stop = asyncio.Event()
    try:
        await ready(served.base)
        minted = tramy(data, "token", "--scope", "system/*.cruds", "--place", "VN", "--json")
        token = json.loads(minted.stdout)["access_token"]
        asking = [asyncio.create_task(ask(served.base, number, token, stop, answered)) for number in range(CLIENTS)]
        for turn in range(ROUNDS):
            await asyncio.sleep(random.uniform(0.5, 1.5))
            (served.kill_database if turn % 2 else served.kill_service)()
            await asyncio.sleep(0.2)
            await ready(served.base)
        await asyncio.sleep(1)
        stop.set()
        await asyncio.gather(*asking)
        await _check(data, answered)
    finally:
        stop.set()
        served.process.terminate()
        served.process.wait(timeout=60)
        served.said.close()
    verdict = tramy(data, "audit", "verify", "--json")
    assert verdict.returncode == 0, verdict.stdout


async def _check(data: Path, answered: dict[str, int]) -> None:
    assert len(answered) > 50 * ROUNDS
    connection = await asyncpg.connect(address(sockets_of(data)))
    try:
        rows = await connection.fetch(
            "select request, status from audit where part = 0 and request = any($1::text[])", list(answered)
        )
    finally:
        await connection.close()
    held = {(row["request"], row["status"]) for row in rows}
    missing = {pair for pair in answered.items() if pair not in held}
    assert not missing, sorted(missing)[:10]
