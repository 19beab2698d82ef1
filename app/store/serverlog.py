"""The log of the embedded server: one file and the one before it, bounded in size, with no personal data.

https://www.postgresql.org/docs/current/runtime-config-logging.html
"""

import os
import threading
from pathlib import Path
from typing import Self

BOUND = 10_000_000
LOOK_EVERY = 60.0

SILENT = {
    # Errors are about somebody's values ("Key (number)=(...) already exists") and the client has them anyway.
    # In this order of severity LOG stands above ERROR: starts, stops, checkpoints, FATAL and PANIC are kept.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "log_destination": "stderr",
}
"""Settings of the server that keep personal data out of its log."""


class ServerLog:
    """An open log; when it has grown past the bound it is copied to `*.1` and begun again.

    The server keeps its descriptor, so the file is emptied, not replaced. Lines written between the two are lost.
    """

    def __init__(self, path: Path, bound: int = BOUND) -> None:
        self.path = path
        self.bound = bound
        self.descriptor = opened(path, os.O_RDWR | os.O_APPEND)
        self.began = self.turn()
        self._ended = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="server-log", daemon=True)

    def keep(self) -> Self:
        """Look at the size once a minute from now on, until closed."""
        self._keeper.start()
        return self

    def _keep(self) -> None:
        while not self._ended.wait(LOOK_EVERY):
            self.turn()

    def turn(self) -> int:
        """Begin the log again if it is past the bound; return its size in bytes after that."""
        length = os.fstat(self.descriptor).st_size
        if length <= self.bound:
            return length
        before = opened(self.path.with_name(self.path.name + ".1"), os.O_WRONLY | os.O_TRUNC)
        try:
            # The end tells most; a log that grew unseen is not kept whole.
            os.write(before, os.pread(self.descriptor, self.bound, length - self.bound))
        finally:
            os.close(before)
        os.ftruncate(self.descriptor, 0)
        return 0

    def tail(self, lines: int = 15) -> str:
        """Return the last lines since this log was opened, at most 4 kB."""
        length = os.fstat(self.descriptor).st_size
        start = max(length - 4096, self.began if self.began <= length else 0)
        text = os.pread(self.descriptor, 4096, start).decode("utf-8", "replace")
        return "\n".join(text.strip().splitlines()[-lines:])

    def close(self) -> None:
        """Stop looking and let go of the file; idempotent."""
        self._ended.set()
        if self._keeper.is_alive():
            self._keeper.join()
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def opened(path: Path, flags: int) -> int:
    """Open a file that only we read; a link in its place is refused, because root must not be led elsewhere."""
    return os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
