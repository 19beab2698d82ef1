"""Start programs of PostgreSQL so that none outlives this process, not even one killed with -9."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from app.store.account import Account

WRAPPER = Path(__file__).with_name("child.py")


class Child:
    """A program started through the wrapper `child.py`: in a session of its own, so Ctrl-C does not reach it.

    On Linux the kernel tells it when this process ends. That signal comes when the *thread* that started the
    program ends, so on a thread that is not the main one, and on other systems, a pipe and a watcher stand in.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        account: Account | None,
        descriptors: Sequence[int],
        output: int | IO[Any],
        stdin: int = subprocess.DEVNULL,
    ) -> None:
        reading, self._lifeline = os.pipe() if watcher_needed() else (-1, -1)
        user, group = (account.uid, account.gid) if account else (-1, -1)
        numbers = [str(number) for number in (os.getpid(), user, group, reading)]
        try:
            self.popen = subprocess.Popen(
                [sys.executable, "-I", "-S", WRAPPER, *numbers, *command],
                cwd="/",
                stdin=stdin,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=[*descriptors, *([reading] if reading >= 0 else [])],
                start_new_session=True,
            )
        except BaseException:
            self._release()
            raise
        finally:
            if reading >= 0:
                os.close(reading)

    @property
    def running(self) -> bool:
        """Whether the program has not ended yet."""
        return self.popen.poll() is None

    def communicate(self, text: bytes, seconds: float) -> tuple[int, bytes]:
        """Give the program its input and wait; return its exit code and what it wrote. It is killed when time is up."""
        try:
            written, _ = self.popen.communicate(text, timeout=seconds)
        except BaseException:
            self.popen.kill()
            self.popen.communicate()
            raise
        finally:
            self._release()
        return self.popen.returncode, written

    def end(self, steps: Sequence[tuple[signal.Signals, float]]) -> None:
        """Send each signal and wait so many seconds for the end, until it has ended; idempotent."""
        for sign, seconds in steps:
            if not self.running:
                break
            self.popen.send_signal(sign)
            try:
                self.popen.wait(seconds)
            except subprocess.TimeoutExpired:
                continue
        self._release()

    def _release(self) -> None:
        """Tell the watcher that it is not needed any more: a line, then the end of the pipe."""
        if self._lifeline >= 0:
            with suppress(BrokenPipeError):
                os.write(self._lifeline, b"ended\n")
            os.close(self._lifeline)
            self._lifeline = -1


def watcher_needed() -> bool:
    """Say whether the kernel alone cannot be relied on to stop the program in time."""
    return sys.platform != "linux" or threading.current_thread() is not threading.main_thread()
