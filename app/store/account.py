"""As whom PostgreSQL runs: it refuses root, so root hands it to an ordinary user of the machine.

https://www.postgresql.org/docs/current/postgres-user.html
"""

import os
import pwd
import shutil
import stat
import tempfile
from pathlib import Path
from typing import NamedTuple

from app.errors import Misconfigured
from app.store.binaries import Programs

CANDIDATES = ("tramy", "nobody")
COPIES = Path("/var/cache/tramy")
"""Where root keeps programs for a user who cannot reach the installed ones; only root may write there."""


class Account(NamedTuple):
    """A user and group of the machine, by number and name."""

    uid: int
    gid: int
    name: str


def choose(*folders: Path) -> Account | None:
    """Return who is to run Postgres, or None to stay who we are.

    Root takes the owner of the first of the folders that exists and is not root's, else the user `tramy` if the
    machine has one, else `nobody`. Raises Misconfigured if there is none of these.
    """
    if os.geteuid() != 0:
        return None
    for owned in (folder.stat() for folder in folders if folder.exists()):
        if owned.st_uid != 0:
            return Account(owned.st_uid, owned.st_gid, str(owned.st_uid))
    for name in CANDIDATES:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(found.pw_uid, found.pw_gid, name)
    raise Misconfigured.of(
        "PostgreSQL does not run as root; add a user for it (useradd --system tramy) or run tramy as an ordinary user",
        "PostgreSQL không chạy dưới quyền root; hãy thêm người dùng cho nó (useradd --system tramy) "
        "hoặc chạy tramy dưới quyền người dùng thường",
    )


def within_reach(programs: Programs, account: Account | None, copies: Path = COPIES) -> Programs:
    """Return programs that the account can run: these, or a copy of them if they lie in a folder closed to it.

    Nobody's folder is opened for it. Raises Misconfigured if they cannot be copied.
    """
    if account is None or open_to_all(programs):
        return programs
    if not programs.parts:
        raise out_of_reach(programs.folder)
    written = programs.postgres.stat()
    major, minor = programs.version
    copy = copies / f"postgresql-{major}.{minor}-{written.st_size:x}-{written.st_mtime_ns:x}"
    base = Path(os.path.commonpath([part.parent for part in programs.parts]))
    try:
        if not copy.is_dir():
            duplicate(programs.parts, base, copy)
    except OSError as refused:
        raise out_of_reach(programs.folder) from refused
    reached = programs._replace(folder=copy / programs.folder.relative_to(base), parts=())
    if not open_to_all(reached):
        raise out_of_reach(programs.folder)
    return reached


def open_to_all(programs: Programs) -> bool:
    """Say whether any user may run the programs and read what lies beside them."""
    folder = programs.folder.resolve()
    beside = [file for file in (folder.parent / "share/postgres.bki", folder.parent / "lib") if file.exists()]
    readable = stat.S_IROTH | stat.S_IXOTH
    return (
        all(parent.stat().st_mode & stat.S_IXOTH for parent in (folder, *folder.parents))
        and all(program.stat().st_mode & readable == readable for program in (folder / "postgres", folder / "initdb"))
        and all(file.stat().st_mode & stat.S_IROTH for file in beside)
    )


def duplicate(parts: tuple[Path, ...], base: Path, copy: Path) -> None:
    """Copy the parts, as they lie to each other, so that all may read them; whole or not at all."""
    copy.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=copy.parent))
    try:
        for part in parts:
            shutil.copytree(part, draft / part.relative_to(base), ignore=shutil.ignore_patterns("*.a", "pgxs", "doc"))
        for path in (draft, *draft.rglob("*")):
            runs = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if runs else 0o644)
        draft.rename(copy)
    except OSError:
        shutil.rmtree(draft, ignore_errors=True)
        if not copy.is_dir():  # Unless another start was faster.
            raise


def out_of_reach(folder: Path) -> Misconfigured:
    """Make the error of programs that the user who runs Postgres cannot reach."""
    return Misconfigured.of(
        f"the programs in {folder} cannot be run by an ordinary user, and PostgreSQL does not run as root; "
        "install them where all may read, or run tramy as an ordinary user",
        f"người dùng thường không chạy được chương trình trong {folder}, và PostgreSQL không chạy dưới quyền root; "
        "hãy cài ở nơi ai cũng đọc được, hoặc chạy tramy dưới quyền người dùng thường",
        "TRAMY_POSTGRES_BIN",
    )
