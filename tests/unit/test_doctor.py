"""What `tramy doctor` finds, that it says how to mend it in two languages, and that it keeps secrets."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from app.config import Settings
from app.store.binaries import find
from app.store.doctor import data_folder, examine
from app.store.finding import Finding, Text
from app.store.launcher import EmbeddedPostgres
from app.store.requirements import lacking, numbers, required


@pytest.fixture(scope="module")
def folder():
    place = Path(tempfile.mkdtemp(prefix="t"))
    yield place / "data"
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def server(folder):
    with EmbeddedPostgres(folder, find()) as server:
        yield server


def by_name(findings):
    return {finding.name: finding for finding in findings}


async def test_a_running_installation_is_well(folder, server):
    found = by_name(await examine(Settings(data=folder)))
    names = "python libraries programs disk sync database encoding durability"
    assert {"data folder", "time zone", *names.split()} == set(found)
    assert {name for name, finding in found.items() if finding.ok is False} == set()
    assert f"run by process {os.getpid()}" in found["data folder"].says.en


async def test_a_server_that_is_not_running_is_not_started(tmp_path):
    found = by_name(await examine(Settings(data=tmp_path / "data")))
    assert found["database"].ok is None
    assert "no database yet" in found["data folder"].says.en
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit"])
async def test_a_setting_that_endangers_data_is_found(name):
    place = Path(tempfile.mkdtemp(prefix="t"))
    try:
        with EmbeddedPostgres(place / "data", find(), settings={name: "off"}) as careless:
            found = by_name(await examine(Settings(database_url=careless.url)))
    finally:
        shutil.rmtree(place)
    assert found["durability"].ok is False
    assert name in found["durability"].mend.en


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://an:geheim@127.0.0.1:1/tramy", "no database answers"),
        ("postgresql://an:geheim@127.0.0.1:port/tramy", "not understood"),
        ("postgresql://an:geheim@/tramy?host=/nowhere", "no database answers"),
    ],
)
async def test_a_database_that_cannot_be_reached_is_explained_without_its_address(url, says):
    found = by_name(await examine(Settings(database_url=url)))
    assert found["database"].ok is False
    assert says in found["database"].says.en
    assert found["database"].mend.vi
    assert "geheim" not in str(found)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [("/tramy?", "/other?", "no database of this name"), ("//tramy@", "//geheim@", "refuses this user")],
)
async def test_a_wrong_name_is_explained(server, old, new, says):
    found = by_name(await examine(Settings(database_url=server.url.replace(old, new))))
    assert says in found["database"].says.en
    assert "geheim" not in str(found)


async def test_more_can_be_asked_of_the_database_and_a_check_that_fails_is_a_finding(server):
    async def schema(connection):
        return Finding("schema", await connection.fetchval("SELECT true"), Text("here", "có"))

    async def broken(connection):
        return await connection.fetchval("SELECT no_such_column")

    async def after(connection):
        return Finding("after", await connection.fetchval("SELECT true"), Text("here", "có"))

    found = by_name(await examine(Settings(database_url=server.url), [schema, broken, after]))
    assert [found[name].ok for name in ("schema", "broken", "after")] == [True, False, True]
    assert "42703" in found["broken"].says.en


async def test_a_database_in_another_encoding_is_found(server):
    from_scratch = "CREATE DATABASE old ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0"

    async def create(connection):
        await connection.execute(from_scratch)
        return Finding("created", True, Text("", ""))

    await examine(Settings(database_url=server.url), [create])
    found = by_name(await examine(Settings(database_url=server.url.replace("/tramy?", "/old?"))))
    assert found["encoding"].ok is False


async def test_programs_that_are_missing_are_found(tmp_path):
    found = by_name(await examine(Settings(data=tmp_path, postgres_bin=tmp_path)))
    assert found["programs"].ok is False
    assert "postgres and initdb" in found["programs"].mend.en


def test_a_folder_that_cannot_be_written_is_found(tmp_path):
    (tmp_path / "file").write_text("")
    (finding,) = data_folder(tmp_path / "file/data")
    assert finding.ok is False


async def test_every_finding_speaks_both_languages_and_mends_only_what_is_not_well(folder, server):
    for finding in await examine(Settings(data=folder)):
        assert finding.says.en
        assert finding.says.vi
        assert bool(finding.mend.en) == bool(finding.mend.vi)
        assert not (finding.ok and finding.mend.en)


@pytest.mark.parametrize(
    ("requirement", "found"),
    [
        ("asyncpg>=0.1", []),
        ("no-such-library>=2; sys_platform != 'win32'", ["no-such-library: - / 2"]),
        ("no-such-library[a,b]>=2,<3", ["no-such-library: - / 2"]),
        ("no-such-library>=2; extra == 'more'", []),
    ],
)
def test_a_library_that_is_missing_is_found(requirement, found):
    assert lacking([requirement]) == found


def test_a_library_that_is_too_old_is_found():
    (line,) = lacking(["asyncpg>=999"])
    assert line.startswith("asyncpg: ")
    assert line.endswith(" / 999")


def test_versions_are_compared_as_numbers():
    assert numbers("1.10") > numbers("1.9.3")
    assert numbers("8.0") == numbers("8")
    assert numbers("0.32.0rc1") >= numbers("0.32")


def test_the_requirements_of_the_project_are_known():
    assert any(line.startswith("asyncpg") for line in required())
