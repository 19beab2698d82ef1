"""The private folder in which the embedded server has its socket, and the address that leads there.

The path of a socket is short by nature: 107 bytes on Linux, 103 on macOS.
https://www.postgresql.org/docs/current/runtime-config-connection.html
"""

import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import quote_from_bytes

from app.store.account import Account
from app.store.cluster import DATABASE, ROLE

PORT = 5432
LONGEST = 103
SEPARATORS = frozenset(b",:")
"""What clients take for the end of one host and the beginning of another, or of its port."""
SHORT = Path("/", "tmp")
"""Not TMPDIR: that may be long itself, and closed to the user who runs the server."""


def make_sockets(folder: Path, cluster: Path, account: Account | None) -> Path:
    """Return the folder for the socket: the database's own, or a new one, private too, if clients cannot use that.

    A link in `folder` remembers the new one, so that it is removed even after a kill -9.
    """
    clear_sockets(folder)
    path = os.fsencode(socket_in(cluster))
    if len(path) <= LONGEST and not SEPARATORS & set(path):
        return cluster
    made = Path(tempfile.mkdtemp(prefix="tramy-", dir=SHORT))
    if account:
        os.chown(made, account.uid, account.gid)
    (folder / "socket").symlink_to(made)
    return made


def clear_sockets(folder: Path) -> None:
    """Remove the folder of a socket of an earlier start."""
    link = folder / "socket"
    if link.is_symlink():
        made = link.readlink()
        if made.parent == SHORT and made.name.startswith("tramy-"):
            shutil.rmtree(made, ignore_errors=True)
        link.unlink()


def sockets_of(folder: Path) -> Path:
    """Return the folder of the socket of the server that runs on a data folder."""
    link = folder / "socket"
    return link.readlink() if link.is_symlink() else folder / "postgres"


def socket_in(sockets: Path) -> Path:
    """Return the path of the socket itself."""
    return sockets / f".s.PGSQL.{PORT}"


def address(sockets: Path) -> str:
    """Return the address for asyncpg and libpq; it holds no secret: the folder is what keeps others out."""
    return f"postgresql://{ROLE}@/{DATABASE}?host={quote_from_bytes(os.fsencode(sockets), safe='')}&port={PORT}"
