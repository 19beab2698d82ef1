"""A lock on a file that lasts as long as any process has it open, and no longer.

https://man7.org/linux/man-pages/man2/flock.2.html
"""

import fcntl
import os
import time
from pathlib import Path


class Lock:
    """One flock. A process that inherits the descriptor holds the lock too, also when we are gone."""

    def __init__(self, path: Path) -> None:
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)

    def taken(self, seconds: float = 0.0) -> bool:
        """Take the lock, waiting so many seconds at most; say whether it is ours."""
        until = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                if time.monotonic() >= until:
                    return False
            time.sleep(0.02)

    def sign(self) -> None:
        """Write our process id into the file, for whoever comes next."""
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, b"%d\n" % os.getpid(), 0)

    def signed(self) -> int | None:
        """Return the process id in the file."""
        text = os.pread(self.descriptor, 20, 0).strip()
        return int(text) if text.isdigit() else None

    def close(self) -> None:
        """Let go; idempotent."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def holder(path: Path) -> int | None:
    """Return the process id in a lock that somebody holds, 0 if none is written there, None if nobody holds it.

    A lock that this user may not open counts as held by nobody.
    """
    if not os.access(path, os.R_OK | os.W_OK):
        return None
    lock = Lock(path)
    try:
        return None if lock.taken() else lock.signed() or 0
    finally:
        lock.close()
