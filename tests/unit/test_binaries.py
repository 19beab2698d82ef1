"""What the launcher stands on: programs that are found and can be run, a lock that is inherited, a bounded log."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from app.errors import Misconfigured
from app.store.account import Account, open_to_all, within_reach
from app.store.binaries import Programs, examined, find, places
from app.store.lock import Lock
from app.store.serverlog import ServerLog

PROGRAMS = find()
FOUND = [programs for programs in map(examined, places()) if programs]


def test_a_lock_lasts_as_long_as_a_process_that_inherited_it(tmp_path):
    lock = Lock(tmp_path / "lock")
    assert lock.taken()
    child = subprocess.Popen(["sleep", "60"], pass_fds=[lock.descriptor])
    lock.close()
    other = Lock(tmp_path / "lock")
    assert not other.taken()
    child.kill()
    child.wait()
    assert other.taken(1)
    other.close()


def test_the_log_is_bounded_and_keeps_its_end(tmp_path):
    log = ServerLog(tmp_path / "postgres.log", bound=1000)
    os.write(log.descriptor, b"early\n" + b"x" * 2000 + b"late\n")
    assert log.turn() == 0
    os.write(log.descriptor, b"next\n")
    log.close()
    assert (tmp_path / "postgres.log").read_text() == "next\n"
    before = (tmp_path / "postgres.log.1").read_text()
    assert (len(before), before.endswith("late\n")) == (1000, True)


def test_a_link_in_place_of_the_log_is_not_followed(tmp_path):
    (tmp_path / "postgres.log").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        ServerLog(tmp_path / "postgres.log")
    assert not (tmp_path / "elsewhere").exists()


def test_a_script_is_not_taken_for_postgres(tmp_path):
    for name in ("postgres", "initdb"):
        (tmp_path / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) 18.6'\n")
        (tmp_path / name).chmod(0o755)
    with pytest.raises(Misconfigured, match="TRAMY_POSTGRES_BIN"):
        find(tmp_path)


def test_a_configured_folder_comes_first():
    (last, *_) = reversed(FOUND)
    assert find(last.folder).folder == last.folder
    assert find(last.folder).source == "TRAMY_POSTGRES_BIN"


def test_programs_in_a_closed_folder_are_copied_to_where_all_may_run_them(tmp_path):
    package = PROGRAMS.parts[0].parent
    for part in PROGRAMS.parts:
        shutil.copytree(part, tmp_path / part.relative_to(package.parent), ignore=shutil.ignore_patterns("*.a", "doc"))
    closed = find(tmp_path / PROGRAMS.folder.relative_to(package.parent))
    other = Account(65534, 65534, "nobody")
    with pytest.raises(Misconfigured, match="cannot be run by an ordinary user"):
        within_reach(closed._replace(parts=()), other)
    copies = Path(tempfile.mkdtemp(prefix="t"))
    try:
        copies.chmod(0o755)
        reached = within_reach(closed, other, copies)
        assert not open_to_all(closed)
        assert open_to_all(reached)
        assert within_reach(closed, other, copies) == reached
        assert find(reached.folder).version == PROGRAMS.version
    finally:
        shutil.rmtree(copies)


def test_who_is_no_root_runs_the_programs_as_they_are():
    closed = Programs(Path("/nowhere"), (18, 0), False, "test")
    assert within_reach(closed, None) is closed
