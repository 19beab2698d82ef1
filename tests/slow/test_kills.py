"""Kills with -9 of database and service under writers: what was acknowledged is there, and the figures are whole."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest

from tests.cli.test_commands import free_port, tramy

ROOT = Path(__file__).resolve().parents[2]
WRITERS = 6
ROUNDS = 12
JSON = {"content-type": "application/fhir+json"}

pytestmark = pytest.mark.slow


class Served:
    """`tramy serve` on a folder, started again when it was killed."""

    def __init__(self, data: Path) -> None:
        self.data, self.port = data, free_port()
        self.said = (data / "said.txt").open("ab")
        self.base = f"http://127.0.0.1:{self.port}/fhir"
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "app", "serve", "--port", str(self.port)]
        environment = {**os.environ, "TRAMY_DATA": str(self.data), "TRAMY_RATE_LIMIT": "0"}
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=self.said)

    def kill_service(self) -> None:
        self.process.kill()
        self.process.wait()
        self.start()

    def kill_database(self) -> None:
        """Kill the first process of the database, or one that serves a connection."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        servers = [child for child in family if child.name() == "postgres"]
        if servers:
            random.choice([servers[0], random.choice(servers)]).send_signal(signal.SIGKILL)


def bundle(writer: int, number: int) -> dict:
    person = f"w{writer}-{number}"
    visit = {
        "resourceType": "Encounter",
        "id": f"{person}-v",
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": {"reference": f"Patient/{person}"},
        "period": {"start": "2026-05-05T08:00:00+07:00"},
    }
    patient = {"resourceType": "Patient", "id": person, "name": [{"text": f"Mẫu {number}"}], "gender": "female"}
    entries = [
        {"resource": item, "request": {"method": "PUT", "url": f"{item['resourceType']}/{item['id']}"}}
        for item in (patient, visit)
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def signed(data: Path) -> dict[str, str]:
    """Return the header of a token as an administrator on the machine mints it."""
    minted = tramy(data, "token", "--scope", "system/*.cruds", "--place", "VN", "--json")
    assert minted.returncode == 0, minted.stderr
    return {"Authorization": f"Bearer {json.loads(minted.stdout)['access_token']}"}


async def write(base: str, held: dict[str, str], writer: int, stop: asyncio.Event, acknowledged: set[str]) -> None:
    """Send bundles one after the other, each until it is acknowledged, as a station does on a bad link."""
    number = 0
    async with httpx.AsyncClient(headers={**JSON, **held}, timeout=10) as client:
        while not stop.is_set():
            try:
                answer = await client.post(base, content=json.dumps(bundle(writer, number)))
            except httpx.TransportError:
                await asyncio.sleep(0.05)
                continue
            assert answer.status_code in (200, 503), answer.text
            if answer.status_code == 200:
                acknowledged.add(f"w{writer}-{number}")
                number += 1


async def ready(base: str) -> float:
    """Wait until the service reads from the database again and return how long that took."""
    began = time.monotonic()
    async with httpx.AsyncClient(timeout=5) as client:
        while time.monotonic() - began < 60:
            try:
                if (await client.get(f"{base}/Patient?_count=0")).status_code in (200, 401):
                    return time.monotonic() - began
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)
    raise AssertionError("not ready again within a minute")


async def test_no_acknowledged_write_is_lost_and_none_is_torn(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert tramy(data, "migrate").returncode == 0
    held = signed(data)
    served = Served(data)
    acknowledged: set[str] = set()
    stop = asyncio.Event()
    try:
        await ready(served.base)
        writers = [
            asyncio.create_task(write(served.base, held, number, stop, acknowledged)) for number in range(WRITERS)
        ]
        for turn in range(ROUNDS):
            await asyncio.sleep(random.uniform(0.3, 1.0))
            (served.kill_database if turn % 2 else served.kill_service)()
            await asyncio.sleep(0.2)
            await ready(served.base)
        stop.set()
        await asyncio.gather(*writers)
        await _check(served.base, held, acknowledged)
    finally:
        stop.set()
        served.process.terminate()
        served.process.wait(timeout=60)
        served.said.close()
    assert b"unexpected" not in (data / "said.txt").read_bytes()
    recount = tramy(data, "recount", "--json")
    assert json.loads(recount.stdout)["difference"] == 0, recount.stdout


async def _check(base: str, held: dict[str, str], acknowledged: set[str]) -> None:
    assert len(acknowledged) > ROUNDS
    async with httpx.AsyncClient(headers=held, timeout=30) as client:
        for person in sorted(acknowledged):
            patient = await client.get(f"{base}/Patient/{person}")
            visit = await client.get(f"{base}/Encounter/{person}-v")
            assert (patient.status_code, visit.status_code) == (200, 200), person
            assert patient.json()["meta"]["versionId"] == "1"
        total = (await client.get(f"{base}/Patient?_count=0")).json()["total"]
        visits = (await client.get(f"{base}/Encounter?_count=0")).json()["total"]
    assert total == visits
