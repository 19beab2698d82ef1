"""The embedded server: private, durable, one per folder, never left behind, back after every kind of end."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import asyncpg
import psutil
import pytest

from app.errors import Misconfigured
from app.store.binaries import examined, find, places
from app.store.launcher import EmbeddedPostgres
from app.store.lock import holder

ROOT = Path(__file__).parents[2]
PROGRAMS = find()
FOUND = {programs.folder.resolve(): programs for programs in map(examined, places()) if programs}.values()
SUPERVISOR = """
import pathlib, sys, threading, time
from app.store.binaries import find
from app.store.launcher import EmbeddedPostgres
server = EmbeddedPostgres(pathlib.Path(sys.argv[1]), find())
def run():
    print(server.start(), flush=True)
    time.sleep(600)
threading.Thread(target=run).start() if sys.argv[2] == "thread" else run()
"""


@pytest.fixture
def folder():
    """A short, empty place that only its owner may enter, as mkdtemp makes it."""
    place = Path(tempfile.mkdtemp(prefix="t"))
    yield place / "data"
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def template():
    place = Path(tempfile.mkdtemp(prefix="t"))
    with EmbeddedPostgres(place / "data", PROGRAMS):
        pass
    yield place / "data"
    shutil.rmtree(place)


def copied(template, folder):
    subprocess.run(["cp", "-a", template, folder], check=True)
    return folder


@pytest.fixture
def used(folder, template):
    """A folder in which a server has run and stopped; `cp -a` keeps the owner, which shutil does not."""
    return copied(template, folder)


async def ask(url, *statements):
    connection = await asyncpg.connect(url)
    try:
        return [await connection.fetchval(statement) for statement in statements]
    finally:
        await connection.close()


def state_of(folder, programs=PROGRAMS):
    control = [programs.folder / "pg_controldata", "-D", folder / "postgres"]
    shown = subprocess.run(control, check=True, capture_output=True, text=True, env={"LC_ALL": "C"}).stdout
    return next(line.split(":")[1].strip() for line in shown.splitlines() if line.startswith("Database cluster state"))


def supervisor(folder, where):
    command = [sys.executable, "-c", SUPERVISOR, str(folder), where]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)


def killed(process):
    process.kill()
    process.wait()
    process.stdout.close()


def until(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def postmaster(folder):
    return int((folder / "postgres/postmaster.pid").read_text().split("\n")[0])


@pytest.mark.parametrize("programs", FOUND, ids=lambda programs: f"{programs.source}-{programs.version[0]}")
async def test_every_postgres_found_here_makes_a_private_and_durable_database(folder, programs):
    expected = {
        "listen_addresses": "",
        "data_checksums": "on",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "server_encoding": "UTF8",
        "wal_compression": "lz4" if programs.lz4 else "pglz",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "jit": "off",
        "track_io_timing": "off",
        "log_min_error_statement": "panic",
        "log_parameter_max_length_on_error": "0",
        "TimeZone": "UTC",
        "lc_messages": "C",
    }
    with EmbeddedPostgres(folder, programs) as server:
        shown = await ask(server.url, *(f"SHOW {name}" for name in expected))
        assert dict(zip(expected, shown, strict=True)) == expected
        # Letters beyond ASCII have cases, and the order is that of the code points.
        assert await ask(server.url, "SELECT upper('đỗ thị lành')", "SELECT 'z' < 'à'") == ["ĐỖ THỊ LÀNH", True]
        assert await ask(server.url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == [False]
    assert state_of(folder, programs) == "shut down"


async def test_a_second_start_finds_the_data_and_is_quick(used):
    with EmbeddedPostgres(used, PROGRAMS) as server:
        await ask(server.url, "CREATE TABLE kept AS SELECT 1 AS n")
    began = time.monotonic()
    with EmbeddedPostgres(used, PROGRAMS) as server:
        taken = time.monotonic() - began
        assert await ask(server.url, "SELECT n FROM kept") == [1]
    assert taken < 2


async def test_the_same_server_can_be_started_again_and_stopped_twice(used):
    server = EmbeddedPostgres(used, PROGRAMS)
    for _ in range(2):
        assert await ask(server.start(), "SELECT 1") == [1]
        assert server.start() == server.url
        server.stop()
        server.stop()
        assert not server.running
    assert holder(used / "tramy.lock") is None


def test_a_second_server_on_the_folder_is_refused_naming_the_process(used):
    with EmbeddedPostgres(used, PROGRAMS) as first:
        with pytest.raises(Misconfigured, match=f"in use by process {os.getpid()};"):
            EmbeddedPostgres(used, PROGRAMS).start()
        assert first.running
        assert holder(used / "tramy.lock") == os.getpid()


@pytest.mark.parametrize("where", ["main", "thread"])
async def test_a_supervisor_killed_leaves_no_server_and_loses_nothing(used, where):
    process = supervisor(used, where)
    try:
        url = process.stdout.readline().strip()
        server = psutil.Process(postmaster(used))
        await ask(url, "CREATE TABLE kept AS SELECT 7 AS n")
    finally:
        killed(process)
    # The server shuts down cleanly; a client is cut off rather than waited for.
    assert until(lambda: not server.is_running())
    with EmbeddedPostgres(used, PROGRAMS) as again:
        assert await ask(again.url, "SELECT n FROM kept") == [7]


def test_a_start_waits_for_the_server_that_a_killed_supervisor_left(used):
    process = supervisor(used, "main")
    process.stdout.readline()
    killed(process)
    with EmbeddedPostgres(used, PROGRAMS) as again:
        assert again.running


@pytest.mark.parametrize("moment", [0.0, 0.3])
def test_a_supervisor_killed_while_it_makes_the_database_does_no_harm(folder, moment):
    process = supervisor(folder, "main")
    assert until(lambda: (folder / "postgres.new").exists() or (folder / "postgres").exists())
    time.sleep(moment)
    killed(process)
    with EmbeddedPostgres(folder, PROGRAMS) as server:
        assert server.running
    assert not (folder / "postgres.new").exists()


async def test_a_server_killed_recovers_at_the_next_start(used):
    server = EmbeddedPostgres(used, PROGRAMS)
    await ask(server.start(), "CREATE TABLE kept AS SELECT 7 AS n")
    os.kill(postmaster(used), signal.SIGKILL)
    assert until(lambda: not server.running)
    assert await ask(server.start(), "SELECT n FROM kept") == [7]
    server.stop()


def test_an_interrupted_initdb_is_begun_again(folder):
    (folder / "postgres.new/base").mkdir(parents=True)
    (folder / "postgres.new/PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(folder, PROGRAMS) as server:
        assert server.running
    assert not (folder / "postgres.new").exists()


def test_the_number_of_a_dead_server_may_be_anothers_by_now(used):
    asleep = subprocess.Popen(["sleep", "60"])
    try:
        (used / "postgres/postmaster.pid").write_text(f"{asleep.pid}\n{used / 'postgres'}\n1\n5432\n.\n\n\n\n")
        with EmbeddedPostgres(used, PROGRAMS) as server:
            assert server.running
        assert asleep.poll() is None
    finally:
        asleep.kill()
        asleep.wait()


async def test_a_path_too_long_for_a_socket_has_its_socket_elsewhere(folder, template):
    deep = folder / ("dài" * 30) / "data"
    deep.parent.mkdir(parents=True)
    copied(template, deep)
    with EmbeddedPostgres(deep, PROGRAMS) as server:
        sockets = server.sockets
        assert await ask(server.url, "SELECT 1") == [1]
        assert sockets.stat().st_mode & 0o777 == 0o700
    assert not sockets.exists()


@pytest.mark.parametrize("name", ["a b", "50%", "đ?&=#@", 'it\'s, "so"'])
async def test_any_name_of_a_folder_will_do(folder, template, name):
    folder.mkdir()
    copied(template, folder / name)
    with EmbeddedPostgres(folder / name, PROGRAMS) as server:
        assert await ask(server.url, "SELECT 1") == [1]


def test_only_the_owner_can_reach_the_socket_and_no_folder_above_is_opened(used):
    with EmbeddedPostgres(used, PROGRAMS) as server:
        assert server.sockets.stat().st_mode & 0o777 == 0o700
        assert used.parent.stat().st_mode & 0o777 == 0o700
        assert used.parent.stat().st_uid == os.geteuid()


def test_the_server_is_no_root_and_outside_the_terminals_reach(used):
    with EmbeddedPostgres(used, PROGRAMS):
        running = psutil.Process(postmaster(used))
        uid = running.uids().real
        assert uid == (os.geteuid() or uid)
        assert uid != 0
        assert os.getsid(running.pid) == running.pid
        assert not running.net_connections(kind="inet")


async def test_settings_of_the_environment_do_not_reach_the_server(used, monkeypatch):
    for name, value in {"PGPORT": "6001", "PGDATA": "/nowhere", "PGTZ": "Asia/Tokyo", "TRAMY_SECRET": "x"}.items():
        monkeypatch.setenv(name, value)
    with EmbeddedPostgres(used, PROGRAMS) as server:
        assert await ask(server.url, "SHOW port", "SHOW TimeZone") == ["5432", "UTC"]
        assert set(psutil.Process(postmaster(used)).environ()) <= {
            "PATH",
            "LC_ALL",
            "TZ",
            "PGDATA",
            "PG_GRANDPARENT_PID",
        }


async def test_a_caller_sets_memory_but_cannot_open_the_server(used):
    wish = {"shared_buffers": "32MB", "listen_addresses": "*", "log_min_messages": "debug1"}
    with EmbeddedPostgres(used, PROGRAMS, settings=wish) as server:
        shown = await ask(server.url, "SHOW shared_buffers", "SHOW listen_addresses", "SHOW log_min_messages")
    assert shown == ["32MB", "", "log"]


async def test_no_value_that_a_statement_carries_reaches_the_log(used):
    with EmbeddedPostgres(used, PROGRAMS) as server:
        connection = await asyncpg.connect(server.url)
        await connection.execute("CREATE TABLE people (number text PRIMARY KEY, born date)")
        await connection.execute("INSERT INTO people VALUES ($1)", "079199000001")
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute("INSERT INTO people VALUES ($1)", "079199000001")
        with pytest.raises(asyncpg.DataError):
            await connection.execute("SELECT '079199000001'::date")
        await connection.close()
    logged = (used / "postgres.log").read_text()
    assert "database system is ready" in logged
    assert "079199000001" not in logged


def test_a_server_that_does_not_start_is_explained_and_lets_go(used):
    with pytest.raises(Misconfigured, match="invalid value for parameter"):
        EmbeddedPostgres(used, PROGRAMS, settings={"shared_buffers": "many"}).start()
    with EmbeddedPostgres(used, PROGRAMS) as server:
        assert server.running


@pytest.mark.parametrize(("version", "expected"), [("13\n", "of PostgreSQL 13 and"), (None, "is not a database")])
def test_data_that_these_programs_cannot_read_are_left_alone(folder, version, expected):
    (folder / "postgres").mkdir(parents=True)
    if version:
        (folder / "postgres/PG_VERSION").write_text(version)
    with pytest.raises(Misconfigured, match=expected):
        EmbeddedPostgres(folder, PROGRAMS).start()
    assert [path.name for path in (folder / "postgres").iterdir()] == (["PG_VERSION"] if version else [])


def test_a_folder_that_cannot_be_made_is_named(folder):
    folder.write_text("a file, where a folder is expected")
    with pytest.raises(Misconfigured, match="expected a folder that this user may write"):
        EmbeddedPostgres(folder / "data", PROGRAMS).start()


async def test_a_server_started_in_a_thread_outlives_it_and_its_watcher_does_not_outlive_the_server(used):
    server = EmbeddedPostgres(used, PROGRAMS)
    starter = threading.Thread(target=server.start)
    starter.start()
    starter.join()
    pid = str(postmaster(used))
    await asyncio.sleep(0.2)
    assert await ask(server.url, "SELECT 1") == [1]
    assert watchers(pid)
    server.stop()
    assert until(lambda: not watchers(pid))


def watchers(pid):
    return [one for one in psutil.process_iter(["cmdline"]) if (one.info["cmdline"] or [])[-1:] == [pid]]
