"""tramy reindex as people run it: what it says, and what its exit code means."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from app.store.binaries import find
from app.store.launcher import EmbeddedPostgres
from tests.cli.test_commands import tramy

SPOIL = (
    "update encounter set contact_day = null, status = null",
    "update patient set name = null, home_unit = null, home_days = null",
    "delete from patient_name_prefix",
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database folder with a small demonstration."""
    folder = tmp_path_factory.mktemp("reindex")
    ran = tramy(folder, "demo", "--people", "60", "--insured", "50", "--no-serve")
    assert ran.returncode == 0, ran.stderr
    return folder


@pytest.fixture
def spoilt(data: Path) -> Path:
    """The same with columns that nobody has read."""

    async def spoil(url: str) -> None:
        connection = await asyncpg.connect(url)
        for statement in SPOIL:
            await connection.execute(statement)
        await connection.close()

    with EmbeddedPostgres(data, find()) as server:
        asyncio.run(spoil(server.url))
    return data


def test_a_dry_run_ends_with_1_while_something_would_change(spoilt: Path) -> None:
    before = tramy(spoilt, "reindex", "--dry-run")
    assert before.returncode == 1, before.stderr
    assert "would change 60" in tramy(spoilt, "reindex", "--type", "Patient", "--dry-run").stdout
    assert tramy(spoilt, "recount").returncode == 1


def test_a_run_mends_everything_and_the_next_finds_nothing(spoilt: Path) -> None:
    ran = tramy(spoilt, "reindex", "--type", "Patient", "--type", "Encounter")
    assert ran.returncode == 0, ran.stderr
    assert "changed" in ran.stdout
    again = tramy(spoilt, "reindex")
    assert again.returncode == 0, again.stderr
    assert "changed 0" in again.stdout
    assert tramy(spoilt, "reindex", "--dry-run").returncode == 0
    assert tramy(spoilt, "recount").returncode == 0


def test_an_unknown_type_is_refused_with_those_that_are_served(data: Path) -> None:
    ran = tramy(data, "reindex", "--type", "Nonsense")
    assert ran.returncode == 2
    assert "Encounter" in ran.stderr
    assert "Nonsense" not in ran.stderr


def test_a_database_that_must_be_migrated_first_is_refused(tmp_path: Path) -> None:
    ran = tramy(tmp_path, "reindex")
    assert ran.returncode == 2
    assert "tramy migrate" in ran.stderr
