"""The database folder of the embedded server: made whole or not at all, checked before use.

https://www.postgresql.org/docs/current/creating-cluster.html
"""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, TimeoutExpired

from app.errors import Misconfigured
from app.store.account import Account
from app.store.binaries import Programs
from app.store.process import Child

SUPERUSER = "postgres"
ROLE = DATABASE = "tramy"
# The service's own role is no superuser: through it nobody reads the machine's files or runs programs there.
OWNER = f"""\
CREATE ROLE {ROLE} LOGIN CREATEDB CREATEROLE;
GRANT pg_monitor, pg_checkpoint, pg_signal_backend TO {ROLE};
CREATE DATABASE {DATABASE} OWNER {ROLE};
"""
PATIENCE = 300.0
"""Seconds that one step of making a database may take on a slow disk."""


@contextmanager
def entered(folder: Path, account: Account | None) -> Iterator[tuple[str, list[int]]]:
    """Yield the path by which a program finds the folder, and the descriptors it must be given for that.

    A user to whom root hands the folder may not be able to walk there, since the folders above stay closed to it.
    An open descriptor is a way in that asks for nothing above; only Linux has paths that begin at one.
    """
    if account is None or sys.platform != "linux":
        yield str(folder), []
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}", [descriptor]
    finally:
        os.close(descriptor)


def prepare(cluster: Path, programs: Programs, account: Account | None, lock: int) -> None:
    """Make the database folder if it is not there, else check that these programs can use it.

    `lock` is the descriptor that whatever is started inherits. Raises Misconfigured.
    """
    if not cluster.exists():
        draft = cluster.with_name(cluster.name + ".new")
        if draft.exists():  # An earlier attempt was interrupted.
            shutil.rmtree(draft)
        try:
            make(draft, programs, account, lock)
            draft.rename(cluster)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        settle(cluster.parent)
    check_version(cluster, programs)
    forget_dead(cluster)


def make(draft: Path, programs: Programs, account: Account | None, lock: int) -> None:
    """Run initdb, add the service's role and database, and only then sync everything to the disk, once."""
    draft.mkdir(mode=0o700)
    if account:
        os.chown(draft, account.uid, account.gid)
    with entered(draft, account) as (path, descriptors):
        initdb = [programs.initdb, "-D", path, f"--username={SUPERUSER}"]
        single = [programs.postgres, "--single", "-D", path, "-c", "exit_on_error=on", "-c", "fsync=off", "postgres"]
        auth = ["--auth-local=trust", "--auth-host=reject", "--data-checksums", "--no-sync", "--no-instructions"]
        steps = (
            ([*initdb, *auth, "--encoding=UTF8", *locale(programs.version)], b""),
            (single, OWNER.encode()),
            ([*initdb, "--sync-only"], b""),
        )
        for command, text in steps:
            child = Child(command, account, [lock, *descriptors], PIPE, PIPE)
            try:
                code, said = child.communicate(text, PATIENCE)
            except TimeoutExpired:
                code, said = 1, f"not done within {PATIENCE:.0f} s".encode()
            if code != 0:
                raise not_made(said.decode("utf-8", "replace"))


def locale(version: tuple[int, int]) -> list[str]:
    """Return the options of initdb for C.UTF-8: code point order, and the letters of all languages."""
    if version >= (17, 0):
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    return ["--locale=C.UTF-8", "--lc-messages=C"]


def not_made(said: str) -> Misconfigured:
    """Make the error of an initdb that failed, with the end of what it said."""
    end = " / ".join(said.strip().splitlines()[-4:])
    return Misconfigured.of(
        f"the database could not be made; PostgreSQL says: {end}",
        f"không tạo được cơ sở dữ liệu; PostgreSQL báo: {end}",
        "TRAMY_DATA",
    )


def settle(folder: Path) -> None:
    """Sync the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check_version(cluster: Path, programs: Programs) -> None:
    """Raise Misconfigured if the data are of another major version than the programs, or are no database."""
    file = cluster / "PG_VERSION"
    made_by = file.read_text("ascii").strip() if file.is_file() else ""
    if not made_by:
        raise Misconfigured.of(
            f"{cluster} is not a database of PostgreSQL; move it away, and a new one is made",
            f"{cluster} không phải cơ sở dữ liệu PostgreSQL; hãy chuyển đi nơi khác để tạo mới",
            "TRAMY_DATA",
        )
    runs = str(programs.version[0])
    if made_by != runs:
        raise Misconfigured.of(
            f"the data are of PostgreSQL {made_by} and the programs found ({programs.source}) of {runs}; set "
            f"TRAMY_POSTGRES_BIN to the programs of PostgreSQL {made_by}, or move the data over with pg_upgrade",
            f"dữ liệu thuộc PostgreSQL {made_by} còn chương trình tìm thấy ({programs.source}) thuộc {runs}; hãy đặt "
            f"TRAMY_POSTGRES_BIN tới chương trình của PostgreSQL {made_by}, hoặc chuyển dữ liệu bằng pg_upgrade",
            "TRAMY_DATA",
        )


def forget_dead(cluster: Path) -> None:
    """Remove the process id of a server that ended without removing it, if another process has that number now.

    Postgres itself forgets a number that nobody has; in a container, where numbers are few and soon used again,
    it would take an innocent process for a server. A server of this folder has this folder as its own.
    """
    file = cluster / "postmaster.pid"
    first = file.read_text("ascii", "replace").partition("\n")[0] if file.is_file() else ""
    if not first.isdigit():
        return
    try:
        alive = os.path.samefile(f"/proc/{first}/cwd", cluster)
    except OSError:
        return
    if not alive:
        file.unlink(missing_ok=True)
