"""tramy audit as people run it: exit codes, what it names, and that looking is recorded."""

import asyncio
import json
from pathlib import Path

import asyncpg
import pytest

from app.audit.upkeep import make_months
from app.audit.writing import write
from app.store.moment import open_epoch
from tests.audit.conftest import event
from tests.cli.test_commands import tramy


async def filled(url: str) -> None:
    connection = await asyncpg.connect(url)
    await make_months(connection)
    await write(connection, [event(index, people=["an"]) for index in range(5)], await open_epoch(connection))
    await connection.close()


async def changed(url: str, change: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(change)
    await connection.close()


@pytest.fixture
async def settings(database: str, tmp_path: Path) -> dict[str, str]:
    await filled(database)
    return {"TRAMY_DATABASE_URL": database, "TRAMY_AUDIT_ANCHOR": str(tmp_path / "anchors.txt")}


async def run(folder: Path, settings: dict[str, str], *words: str) -> tuple[int, str]:
    ran = await asyncio.to_thread(tramy, folder, "audit", *words, **settings)
    return ran.returncode, ran.stdout + ran.stderr


async def test_the_audit_is_anchored_verified_and_found_broken(tmp_path: Path, settings: dict[str, str]) -> None:
    assert (await run(tmp_path, settings, "anchor"))[0] == 0
    code, said = await run(tmp_path, settings, "verify")
    assert (code, "Whole · Nguyên vẹn" in said) == (0, True), said
    assert "5 rows, 1 seals, 1 anchors" in said
    await changed(settings["TRAMY_DATABASE_URL"], "update audit set client = 'x' where part = 0")
    code, said = await run(tmp_path, settings, "verify")
    assert code == 1
    assert "BROKEN at seal 1, ? to 20" in said
    assert "SAI LỆCH tại niêm phong 1" in said
    code, said = await run(tmp_path, settings, "verify", "--json")
    assert code == 1
    assert json.loads(said)["broken"]["kind"] == "rows"
    assert (await run(tmp_path, settings, "verify", "--since", "1"))[0] == 0
    await changed(settings["TRAMY_DATABASE_URL"], "truncate audit, audit_seal")
    code, said = await run(tmp_path, settings, "verify")
    assert (code, "tail was cut off" in said) == (1, True), said


async def test_an_anchor_file_that_is_gone_is_no_pass(tmp_path: Path, settings: dict[str, str]) -> None:
    code, said = await run(tmp_path, settings, "verify")
    assert (code, "no anchors" in said) == (2, True), said


async def test_who_looked_at_a_person_is_listed_and_that_is_recorded(tmp_path: Path, settings: dict[str, str]) -> None:
    code, said = await run(tmp_path, settings, "person", "an", "--json")
    assert code == 0
    assert sum(row["events"] for row in json.loads(said)) == 5
    code, said = await run(tmp_path, settings, "person", "an")
    assert "tramy" in said
    assert "audit-search" in said


async def test_rows_that_must_be_kept_are_not_given_up(tmp_path: Path, settings: dict[str, str]) -> None:
    for before, code in (("2026-11", 2), ("x", 2), ("2015-01", 0)):
        assert (await run(tmp_path, settings, "retire", "--before", before))[0] == code
