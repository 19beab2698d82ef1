"""CONTRIBUTING.md, done as it is written: a type is one file and a migration made from it, an indicator one file."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ("app", "migrations", "schemas", "docs", "alembic.ini", "pyproject.toml")
TYPE, INDICATOR = "app/resources/observation.py", "app/indicators/telehealth.py"
COMMUNE = "https://tramy.vn/fhir/StructureDefinition/commune"
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


class Tree:
    """A copy of the program in which a newcomer works, on a database of its own."""

    def __init__(self, root: Path, database: str) -> None:
        for name in PROGRAM:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, root / name)
        self.root = root
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TRAMY_", "PYTHON"))}
        secret = root / "secret"
        secret.write_text("a secret of the tests, which protects nobody", encoding="ascii")
        known = {"TRAMY_DATABASE_URL": database, "TRAMY_SECRET_FILE": str(secret)}
        self.environment = {**kept, **known, "PYTHONDONTWRITEBYTECODE": "1"}

    def add(self, path: str) -> None:
        """Write a file exactly as CONTRIBUTING.md shows it."""
        assert not (ROOT / path).exists(), "the example has become real: take another"
        (self.root / path).write_text(shown(path), encoding="utf-8")

    def python(self, *arguments: str, refused: bool = False) -> str:
        """Run a module of the copy, which must end well or with a refusal, and return what it said."""
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert (done.returncode != 0) is refused, done.stdout + done.stderr
        return done.stdout + done.stderr

    def written(self, page: str) -> str:
        """Return a reference page as the program now writes it."""
        self.python("docs.reference.pages")
        return (self.root / "docs/reference" / page).read_text(encoding="utf-8")

    def token(self) -> str:
        """Return a token for everything, as an administrator on the machine mints it."""
        scopes = ("system/*.cruds", "tramy/indicators", "tramy/missing")
        asked = [word for scope in scopes for word in ("--scope", scope)]
        return self.python("app", "token", *asked, "--place", "VN").split()[0]

    def files(self) -> set[Path]:
        return {path.relative_to(self.root) for path in self.root.rglob("*") if path.is_file()}

    @contextmanager
    def serving(self) -> Iterator[httpx.Client]:
        """Serve the copy and give a client of it."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "app", "serve", "--port", str(port)]
        with open(self.root / "served.log", "wb") as log:
            process = subprocess.Popen(command, cwd=self.root, env=self.environment, stdout=log, stderr=log)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                wait_for(client, process)
                client.headers["Authorization"] = f"Bearer {self.token()}"
                yield client
        finally:
            process.terminate()
            process.wait(timeout=30)


def shown(path: str) -> str:
    """Return the block of CONTRIBUTING.md that is said to be this file."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return text[text.index(f"`{path}`:") :].partition("```python\n")[2].partition("```")[0]


def wait_for(client: httpx.Client, process: subprocess.Popen) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            if client.get("/health/ready").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail("the service did not become ready")


def put(client: httpx.Client, resource: dict) -> httpx.Response:
    return client.put(f"/fhir/{resource['resourceType']}/{resource['id']}", json=resource)


def resident(record_id: str) -> dict:
    coded = {"url": COMMUNE, "valueCoding": {"code": "02683", "version": "2025-07"}}
    return {"resourceType": "Patient", "id": record_id, "gender": "female", "address": [{"extension": [coded]}]}


def visit(record_id: str, person: str, day: str, code: str) -> dict:
    return {
        "resourceType": "Encounter",
        "id": record_id,
        "status": "finished",
        "class": {"system": ACT, "code": code},
        "subject": {"reference": f"Patient/{person}"},
        "period": {"start": day},
    }


@pytest.fixture
def tree(tmp_path: Path, database: str) -> Tree:
    return Tree(tmp_path, database)


def test_what_is_shown_is_in_the_style_of_the_house(tmp_path: Path) -> None:
    tree = Tree(tmp_path, "")
    for path in (TYPE, INDICATOR):
        tree.add(path)
        tree.python("ruff", "check", path)
        tree.python("ruff", "format", "--check", path)


def test_a_resource_type_is_one_file_and_one_migration_made_from_it(tree: Tree) -> None:
    tree.add(TYPE)
    before = tree.files()
    tree.python("migrations.make", "Add observations")
    made = tree.files() - before
    newest = max(path.name for path in (ROOT / "migrations/versions").glob("0*.py"))
    assert [path.as_posix() for path in made] == [f"migrations/versions/{int(newest[:4]) + 1:04d}_add_observations.py"]
    assert "migrations equal the models" in tree.python("migrations.check")
    assert "run: tramy migrate" in tree.python("app", "serve", refused=True)
    tree.python("app", "migrate")
    with tree.serving() as client:
        observations(client)
    assert "## Observation\n" in tree.written("search.md")
    assert "/fhir/Observation/{id}" in tree.python("app.api.openapi")
    assert "Difference · Sai lệch: 0" in tree.python("app", "recount")


def observations(client: httpx.Client) -> None:
    """An Observation can be made, read, found by what it declares, and ended; its rules hold."""
    assert put(client, resident("a")).status_code == 201
    sent = {
        "resourceType": "Observation",
        "id": "weight-1",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "subject": {"reference": "Patient/a"},
        "effectiveDateTime": "2026-03-02T06:40:00+07:00",
        "valueQuantity": {"value": 48.5, "unit": "kg"},
    }
    assert put(client, sent).status_code == 201
    assert client.get("/fhir/Observation/weight-1").json()["valueQuantity"] == sent["valueQuantity"]
    table = {
        "patient=a": 1,
        "patient=b": 0,
        "subject=Patient/a&code=29463-7": 1,
        "code=http://loinc.org|8302-2": 0,
        "date=2026-03-02": 1,
        "date=2026-03-01": 0,
        "value-quantity=gt48": 1,
        "value-quantity=gt49": 0,
        "status=final": 1,
    }
    found = {query: client.get(f"/fhir/Observation?{query}").json()["total"] for query in table}
    assert found == table
    assert put(client, {**sent, "status": "done"}).status_code == 400
    assert put(client, {**sent, "subject": {"reference": "Patient/b"}}).status_code == 422
    assert client.delete("/fhir/Patient/a").status_code == 409
    listed = client.get("/fhir/metadata").json()["rest"][0]["resource"]
    assert "Observation" in [item["type"] for item in listed]
    assert client.delete("/fhir/Observation/weight-1").status_code == 204
    assert client.delete("/fhir/Patient/a").status_code == 204


def test_an_indicator_is_one_file_and_counts_what_was_there_before(tree: Tree) -> None:
    with tree.serving() as client:
        for record in (resident("a"), resident("b"), resident("c")):
            assert put(client, record).status_code == 201
        for record in (
            visit("1", "a", "2026-03-02T06:30:00+07:00", "VR"),
            visit("2", "b", "2026-03-02T06:30:00+07:00", "AMB"),
        ):
            assert put(client, record).status_code == 201
    tree.add(INDICATOR)
    assert "migrations equal the models" in tree.python("migrations.check")
    assert "run: tramy migrate" in tree.python("app", "serve", refused=True)
    assert "Indicators filled: telehealth@2022." in tree.python("app", "migrate")
    with tree.serving() as client:
        telehealth(client)
    assert "## telehealth\n" in tree.written("indicators.md")
    assert "Difference · Sai lệch: 0" in tree.python("app", "recount")


def telehealth(client: httpx.Client) -> None:
    """The indicator is listed, right on the days where it changes, kept with each write, and says who is missing."""
    assert "telehealth" in [item["code"] for item in client.get("/indicators").json()["indicators"]]
    table = {"2026-03-01": (0, 3), "2026-03-02": (1, 3), "2027-03-01": (1, 3), "2027-03-02": (0, 3)}
    assert {day: figure(client, day) for day in table} == table
    assert put(client, visit("3", "c", "2026-05-04T09:00:00+07:00", "VR")).status_code == 201
    assert figure(client, "2026-05-04") == (2, 3)
    absent = client.get("/indicators/telehealth/missing?place=02683&on=2026-05-04").json()["people"]
    assert [(one["patient"], one["reasons"][0]["reason_vi"]) for one in absent] == [
        ("Patient/b", "chưa có lượt khám từ xa")
    ]


def figure(client: httpx.Client, day: str) -> tuple[int, int]:
    found = client.get(f"/indicators/telehealth?place=02683&on={day}").json()
    return found["numerator"], found["denominator"]
