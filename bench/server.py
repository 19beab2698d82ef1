"""Servers under measurement, started as they are in earnest, on a free port of the loopback address."""

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from app.errors import TramyError
from bench import client

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 60.0
"""Seconds for a server to answer, and to end."""
TRAMY = (sys.executable, "-m", "app")
UVICORN = (sys.executable, "-m", "uvicorn", "--loop", "uvloop", "--http", "httptools", "--no-access-log")
SCOPES = ("system/*.cruds", "tramy/indicators", "tramy/missing", "tramy/protected")
"""What the token of a measurement grants."""
_SHOWN = 1000
_ASK = b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


class Server(NamedTuple):
    """A server that answers: its process, its port, and the seconds from its start to its first good answer."""

    pid: int
    port: int
    seconds: float


class Program(NamedTuple):
    """A command that was started, and what it says."""

    process: "subprocess.Popen[bytes]"
    said: IO[bytes]

    def failed(self) -> TramyError:
        """Make the error of a command that did not do its work, with the end of what it said."""
        self.said.seek(0)
        tail = self.said.read().decode("utf-8", "replace")[-_SHOWN:]
        return TramyError.of(f"A command failed: {tail}", f"Một lệnh không chạy được: {tail}")


@contextmanager
def tramy(environment: Mapping[str, str], *place: str) -> Iterator[Server]:
    """Run `tramy serve` with one process that answers; `environment` says which database.

    Requests carry a token of one who sees the country, or only the places given.
    """
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        secret = Path(folder) / "secret"
        secret.write_text(secrets.token_urlsafe(48))
        known = {"TRAMY_SECRET_FILE": str(secret), "TRAMY_RATE_LIMIT": "0", "TRAMY_LOG_LEVEL": "warning", **environment}
        with serving((*TRAMY, "serve", "--port", str(port)), port, known, "/health/ready") as server:
            client.SIGNED[:] = [sign(known, *(place or ("VN",)))]
            yield server


def sign(environment: Mapping[str, str], *places: str, scopes: Sequence[str] = SCOPES) -> bytes:
    """Return the header of a token for these places, for a quarter of an hour."""
    asked = [word for scope in scopes for word in ("--scope", scope)]
    asked += [word for place in places for word in ("--place", place)]
    ours = {name: value for name, value in os.environ.items() if not name.startswith("TRAMY_")}
    command = (*TRAMY, "token", *asked)
    token = subprocess.run(command, cwd=ROOT, env={**ours, **environment}, capture_output=True, check=True, text=True)
    return b"Authorization: Bearer " + token.stdout.strip().encode()


@contextmanager
def unguarded(url: str) -> Iterator[Server]:
    """Run the same service without token, rule and audit (bench/unguarded.py), one process."""
    port = free_port()
    command = (*UVICORN, "--no-server-header", "--factory", "bench.unguarded:application", "--port", str(port))
    known = {"TRAMY_DATABASE_URL": url, "TRAMY_RATE_LIMIT": "0", "TRAMY_LOG_LEVEL": "warning"}
    with serving((*command, "--log-level", "warning"), port, known, "/health/ready") as server:
        yield server


@contextmanager
def bare(url: str) -> Iterator[Server]:
    """Run the bare application to compare with (bench/bare.py), one process, on the same database."""
    port = free_port()
    command = (*UVICORN, "--no-server-header", "--factory", "bench.bare:application", "--port", str(port))
    with serving((*command, "--log-level", "warning"), port, {"TRAMY_DATABASE_URL": url}, "/") as server:
        yield server


@contextmanager
def serving(command: Sequence[str], port: int, environment: Mapping[str, str], path: str) -> Iterator[Server]:
    """Start a command and yield once `path` answers 200; stop it after. Raises TramyError if it does not answer."""
    began = time.perf_counter()
    with started(command, environment) as program:
        while not answers(port, path):
            if program.process.poll() is not None or time.perf_counter() - began > PATIENCE:
                raise program.failed()
            time.sleep(0.005)
        yield Server(program.process.pid, port, time.perf_counter() - began)


@contextmanager
def started(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[Program]:
    """Start a command in a session of its own: Ctrl-C reaches the bench alone, which stops what it has started."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("TRAMY_")}
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**ours, **environment},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield Program(process, said)
        finally:
            stop(process)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Ask a process to end and wait; kill it when it does not."""
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def answers(port: int, path: str) -> bool:
    """Say whether a GET answers 200."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(_ASK % path.encode())
            return connection.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False
