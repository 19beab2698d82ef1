"""The embedded PostgreSQL: started for one service, reachable over a private socket only, never left behind.

    folder/tramy.lock      held by the process that runs the server; its process id is in it
    folder/postgres.lock   held by the server and all its processes, also when they are left alone
    folder/postgres/       the database, 0700; the server's socket lies in it too
    folder/postgres.log    what the server says, bounded in size, without personal data
    folder/socket          only where the path is too long for a socket: a link to the folder that has it

https://www.postgresql.org/docs/current/app-postgres.html
"""

import logging
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from app.errors import Misconfigured
from app.store.account import choose, within_reach
from app.store.binaries import Programs
from app.store.cluster import DATABASE, ROLE, entered, prepare
from app.store.lock import Lock
from app.store.process import Child
from app.store.ready import READY, STARTING, state
from app.store.serverlog import SILENT, ServerLog
from app.store.sockets import PORT, address, clear_sockets, make_sockets, socket_in

log = logging.getLogger(__name__)

GLANCE = 0.2
"""Seconds to wait for the lock: `tramy doctor` takes it for a moment to see whether it is free."""
PATIENCE = 60.0
"""Seconds to wait for a server that does not answer, and for one of an earlier start to end."""
RECOVERY = 900.0
"""Seconds to wait for a server that answers that it is recovering: up to max_wal_size is read again after a crash."""
STEPS = ((signal.SIGINT, 120.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))
"""Fast shutdown with a checkpoint; then immediate, from which the next start recovers; then none at all."""

SENSIBLE = {
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_connections": "200",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "track_io_timing": "off",
    "deadlock_timeout": "100ms",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "timezone": "UTC",
    "cluster_name": "tramy",
}
"""For a small machine of two cores, and durable; a caller may ask otherwise."""


class EmbeddedPostgres:
    """One server on one data folder. Only one process, the supervisor of the workers, starts and stops it.

    `settings` are settings of the server, by their names, that differ from SENSIBLE.
    """

    def __init__(self, folder: Path, programs: Programs, *, settings: Mapping[str, str] = {}) -> None:
        self.folder = folder.absolute()
        self.cluster = self.folder / "postgres"
        self.programs = programs
        self.settings = settings
        self.sockets = self.cluster
        self._locks: list[Lock] = []
        self._log: ServerLog | None = None
        self._server: Child | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The address for asyncpg and libpq."""
        return address(self.sockets)

    @property
    def running(self) -> bool:
        """Whether the server has been started and has not ended, by itself or otherwise."""
        return self._server is not None and self._server.running

    def start(self) -> str:
        """Start the server, making the database if there is none, and return its address once it takes connections.

        Raises Misconfigured if the folder is in use or cannot be used, or if the server does not start.
        """
        if self.running:
            return self.url
        self.stop()
        try:
            with explained(self.folder):
                self._start()
            self._wait()
        except BaseException:
            self.stop()
            raise
        return self.url

    def stop(self) -> None:
        """Stop the server cleanly and let go of the folder; idempotent."""
        if self._server:
            self._server.end(STEPS)
            if self._server.popen.returncode != 0:
                log.warning(
                    "PostgreSQL ended with code %s and recovers at its next start", self._server.popen.returncode
                )
            self._server = None
        if self._log:
            self._log.close()
            self._log = None
        if self._locks:
            clear_sockets(self.folder)
        while self._locks:
            self._locks.pop().close()

    def _start(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        inherited = self._take()
        account = choose(self.cluster, self.folder)
        programs = within_reach(self.programs, account)
        prepare(self.cluster, programs, account, inherited)
        self.sockets = make_sockets(self.folder, self.cluster, account)
        self._log = ServerLog(self.folder / "postgres.log").keep()
        with entered(self.cluster, account) as (path, descriptors):
            command = [programs.postgres, "-D", path, *self._options()]
            self._server = Child(command, account, [inherited, *descriptors], self._log.descriptor)

    def _take(self) -> int:
        """Take both locks; return the descriptor of the one that the server inherits."""
        ours = Lock(self.folder / "tramy.lock")
        self._locks.append(ours)
        if not ours.taken(GLANCE):
            other = ours.signed()
            self._locks.remove(ours)
            ours.close()
            raise in_use(f"process {other}" if other else "another process", f"tiến trình {other or 'khác'}")
        ours.sign()
        servers = Lock(self.folder / "postgres.lock")
        self._locks.append(servers)
        # After a kill -9 of its supervisor the earlier server needs a moment to end.
        if not servers.taken(PATIENCE):
            raise in_use("a PostgreSQL that was left alone and is still ending", "PostgreSQL trước đó chưa dừng hẳn")
        return servers.descriptor

    def _options(self) -> Iterator[str]:
        """Yield the settings as options; a caller changes neither what is private nor what is logged."""
        private = {
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": "." if self.sockets == self.cluster else str(self.sockets),
            "unix_socket_permissions": "0700",
        }
        compression = {"wal_compression": "lz4" if self.programs.lz4 else "pglz"}
        for name, value in {**SENSIBLE, **compression, **self.settings, **SILENT, **private}.items():
            yield "-c"
            yield f"{name}={value}"

    def _wait(self) -> None:
        """Wait until the server takes connections; Misconfigured with the end of its log if it does not."""
        began = time.monotonic()
        path = socket_in(self.sockets)
        while self.running:
            answer = state(path, ROLE, DATABASE)
            if answer == READY:
                return
            waited = time.monotonic() - began
            if answer not in ("", STARTING) or waited > (RECOVERY if answer == STARTING else PATIENCE):
                break
            time.sleep(0.01)
        said = self._log.tail() if self._log else ""
        raise Misconfigured.of(
            f"PostgreSQL did not start; the end of {self.folder / 'postgres.log'} says:\n{said}",
            f"PostgreSQL không khởi động được; cuối tệp {self.folder / 'postgres.log'} ghi:\n{said}",
            "TRAMY_DATA",
        )


def in_use(by_en: str, by_vi: str) -> Misconfigured:
    """Make the error of a data folder that another holds."""
    return Misconfigured.of(
        f"the folder is in use by {by_en}; stop that first, or choose another folder for this service",
        f"thư mục đang được {by_vi} sử dụng; hãy dừng trước, hoặc chọn thư mục khác cho dịch vụ này",
        "TRAMY_DATA",
    )


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn what the system refuses about the folder (rights, space, read-only) into Misconfigured."""
    try:
        yield
    except OSError as refused:
        place = os.fsdecode(refused.filename) if refused.filename else str(folder)
        raise Misconfigured.of(
            f"{place}: {refused.strerror}; expected a folder that this user may write, on a disk with free space",
            f"{place}: {refused.strerror}; cần thư mục mà người dùng này ghi được, trên đĩa còn chỗ trống",
            "TRAMY_DATA",
        ) from refused
