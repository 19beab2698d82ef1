"""tramy rights and tramy retention as people run them: what they say, write, and end with."""

import asyncio
import json
import zipfile
from pathlib import Path

import asyncpg
import pytest

from app.store.binaries import find
from app.store.launcher import EmbeddedPostgres
from tests.cli.test_commands import tramy

OLD = """
update encounter set date_low = '2001-03-01Z', date_high = '2001-03-02Z'
where id in (select id from encounter order by id limit 5);
update patient set book = null
"""


async def _prepared(url: str) -> str:
    connection = await asyncpg.connect(url)
    await connection.execute(OLD)
    patient_id = await connection.fetchval("select min(id) from patient")
    await connection.close()
    return patient_id


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A database folder with a small demonstration, five visits of it long ago, and the id of a person."""
    data = tmp_path_factory.mktemp("rights")
    assert tramy(data, "demo", "--people", "30", "--insured", "28", "--no-serve", "--json").returncode == 0
    with EmbeddedPostgres(data, find()) as server:
        return data, asyncio.run(_prepared(server.url))


def test_requests_are_added_listed_and_closed(register: tuple[Path, str]) -> None:
    data, person = register
    made = tramy(data, "rights", "add", person, "access", "--received", "2026-03-02")
    assert made.returncode == 0, made.stderr
    listed = tramy(data, "rights", "list")
    assert listed.returncode == 1
    assert "done by 2026-03-12 late" in listed.stdout
    request_id = made.stdout.split()[0]
    assert tramy(data, "rights", "close", request_id, "--outcome", "done").returncode == 0
    assert tramy(data, "rights", "list").returncode == 0
    again = tramy(data, "rights", "close", request_id)
    assert again.returncode == 2
    assert "Không có yêu cầu" in again.stderr


def test_a_request_to_erase_is_answered_with_what_the_law_keeps(register: tuple[Path, str]) -> None:
    made = tramy(register[0], "rights", "add", register[1], "erase")
    assert "as long as the person lives" in made.stdout
    assert tramy(register[0], "rights", "close", made.stdout.split()[0], "--outcome", "refused").returncode == 0


def test_a_consent_lets_records_be_given_until_it_is_withdrawn(register: tuple[Path, str], tmp_path: Path) -> None:
    data, person = register
    text = tmp_path / "don.txt"
    text.write_text("Tôi đồng ý", encoding="utf-8")
    asked = ("rights", "may", person, "--partner", "research", "--purpose", "research")
    assert tramy(data, *asked).returncode == 1
    about = ("--purpose", "research", "--recipient", "research", "--text", str(text))
    # Who may sign goes by the age of the invented person; one of the ways fits.
    signers = ("self", "both", "guardian")
    tried = (
        tramy(data, "rights", "consent", person, *about, "--given-by", signer, "--relation", "mẹ") for signer in signers
    )
    kept = next(item for item in tried if item.returncode == 0)
    assert tramy(data, *asked).returncode == 0
    assert tramy(data, "rights", "withdraw", kept.stdout.strip(), "--text", str(text)).returncode == 0
    assert f"Patient/{person}" in tramy(data, *asked).stdout


def test_an_export_is_a_file_for_its_owner_alone_and_overwrites_none(
    register: tuple[Path, str], tmp_path: Path
) -> None:
    path = tmp_path / "ho-so.zip"
    ran = tramy(register[0], "rights", "export", register[1], "-o", str(path))
    assert ran.returncode == 0, ran.stderr
    assert path.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist()[0] == "tom-tat.txt"
    before = path.read_bytes()
    assert tramy(register[0], "rights", "export", register[1], "-o", str(path)).returncode == 2
    assert path.read_bytes() == before


def test_retention_reports_and_erases_only_when_confirmed(register: tuple[Path, str]) -> None:
    data = register[0]

    def due() -> int:
        return json.loads(tramy(data, "retention", "--json").stdout)["total"]

    assert due() == 5
    asked = ("retention", "--erase", "--before", "2026-01-01")
    unconfirmed = tramy(data, *asked)
    assert unconfirmed.returncode == 1
    assert "--confirm" in unconfirmed.stderr
    assert due() == 5
    ran = tramy(data, *asked, "--confirm")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["total"] == 5
    assert due() == 0


@pytest.mark.parametrize(
    "options", [("--erase", "--confirm"), ("--erase", "--confirm", "--before", "2999-01-01"), ("--before", "soon")]
)
def test_a_day_is_needed_and_lies_in_the_past(register: tuple[Path, str], options: tuple[str, ...]) -> None:
    assert tramy(register[0], "retention", *options).returncode == 2


def test_a_restriction_is_lifted_once(register: tuple[Path, str]) -> None:
    data, person = register
    assert tramy(data, "rights", "restrict", person, "--reason", "disputed").returncode == 0
    assert tramy(data, "rights", "lift", person).returncode == 0
    assert tramy(data, "rights", "lift", person).returncode == 2


def test_the_auditors_list_of_emergencies_is_json(register: tuple[Path, str]) -> None:
    assert json.loads(tramy(register[0], "rights", "emergencies").stdout) == []
