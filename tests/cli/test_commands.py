"""The command as people run it: real processes, a real database folder, a real port."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def tramy(data: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "TRAMY_DATA": str(data), "COLUMNS": "200", **settings}
    command = [sys.executable, "-m", "app", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)


def signed_in(data: Path) -> dict[str, str]:
    """Return the header of a token as an administrator on the machine mints it."""
    ran = tramy(data, "token", "--scope", "system/*.rs", "--place", "VN", "--json")
    assert ran.returncode == 0, ran.stderr
    return {"Authorization": f"Bearer {json.loads(ran.stdout)['access_token']}"}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """A database folder with a small demonstration, and what the demonstration printed."""
    data = tmp_path_factory.mktemp("demo")
    ran = tramy(data, "demo", "--people", "200", "--insured", "190", "--no-serve", "--json")
    assert ran.returncode == 0, ran.stderr
    return data, json.loads(ran.stdout)


def test_demo_gives_exactly_the_figures_asked_for(shown: tuple[Path, dict]) -> None:
    insured = next(item for item in shown[1]["indicators"] if item["code"] == "insured")
    assert insured == {"code": "insured", "numerator": 190, "denominator": 200, "rate": 95.0}
    assert shown[1]["refused"] == 0


def test_recount_says_zero(shown: tuple[Path, dict]) -> None:
    ran = tramy(shown[0], "recount")
    assert ran.returncode == 0
    assert "Difference · Sai lệch: 0" in ran.stdout


def test_demo_again_changes_nothing(shown: tuple[Path, dict]) -> None:
    ran = tramy(shown[0], "demo", "--people", "200", "--insured", "190", "--no-serve", "--json")
    assert json.loads(ran.stdout)["indicators"] == shown[1]["indicators"]


def test_doctor_finds_the_installation_well(shown: tuple[Path, dict]) -> None:
    ran = tramy(shown[0], "doctor")
    assert ran.returncode == 0, ran.stdout
    assert "wrong" not in ran.stdout


def test_a_wrong_setting_stops_the_start_and_is_named(tmp_path: Path) -> None:
    ran = tramy(tmp_path, "serve", TRAMY_POOL_SIZE="many")
    assert ran.returncode == 2
    assert "TRAMY_POOL_SIZE" in ran.stderr
    assert "many" not in ran.stderr


def test_serve_refuses_a_schema_that_is_behind_and_says_what_to_run(tmp_path: Path) -> None:
    ran = tramy(tmp_path, "serve", "--port", str(free_port()))
    assert ran.returncode == 2
    assert "tramy migrate" in ran.stderr


@pytest.mark.parametrize("workers", ["1", "2"])
def test_serve_answers_soon_and_ends_cleanly(shown: tuple[Path, dict], workers: str) -> None:
    port, signed = free_port(), signed_in(shown[0])
    command = [sys.executable, "-m", "app", "serve", "--port", str(port), "--workers", workers]
    environment = {**os.environ, "TRAMY_DATA": str(shown[0])}
    began = time.monotonic()
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        try:
            answer = _first_answer(port, began)
            took = time.monotonic() - began
            found = httpx.get(f"http://127.0.0.1:{port}/fhir/Patient?_count=1", headers=signed)
            unsigned = httpx.get(f"http://127.0.0.1:{port}/fhir/Patient?_count=1")
        finally:
            server.terminate()
            server.communicate(timeout=30)
    assert answer.status_code == 200
    assert found.json()["total"] >= 200
    assert unsigned.status_code == 401
    # The figure asked for, 3 s, is measured by `make bench`; a machine that runs other tests beside gets more.
    assert took < 20
    assert not (shown[0] / "postgres" / "postmaster.pid").exists()


def _first_answer(port: int, began: float) -> httpx.Response:
    while True:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/fhir/metadata", timeout=5)
        except httpx.TransportError:
            if time.monotonic() - began > 30:
                raise
            time.sleep(0.05)
