"""The checks of `tramy doctor`: what an installation needs, whether it has it, and what would mend it."""

import asyncio
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from app.config import Settings
from app.errors import Misconfigured
from app.store.binaries import find
from app.store.finding import Finding, Text, judged
from app.store.health import Check, consult
from app.store.lock import holder
from app.store.requirements import lacking, required
from app.store.sockets import address, sockets_of

OLDEST_PYTHON = (3, 11)
LITTLE_SPACE = 2 * 2**30
"""Bytes free below which a data folder deserves a look: the WAL alone may grow to 4 GB."""
SLOW_SYNC, FEIGNED_SYNC = 20.0, 0.02
"""Milliseconds: above, a commit is slow; below, hardly any disk can have taken it."""


async def examine(settings: Settings, checks: Iterable[Check] = ()) -> list[Finding]:
    """Examine this machine and the database; `checks` are asked of the database besides, if it answers.

    The embedded server is not started for it. No finding holds personal data or the address of the database.
    """
    findings = [python(), libraries()]
    zone = settings.time_zone.key
    if settings.database_url is not None:
        return findings + await consult(settings.database_url, zone, checks)
    findings += [programs(settings), *await asyncio.to_thread(data_folder, settings.data)]
    if holder(settings.data / "tramy.lock") is None:
        says = Text("not running; it starts with the service", "chưa chạy; sẽ chạy cùng dịch vụ")
        return [*findings, Finding("database", None, says)]
    return findings + await consult(address(sockets_of(settings.data)), zone, checks)


def python() -> Finding:
    """Look at the version of Python."""
    runs, least = (".".join(map(str, numbers)) for numbers in (sys.version_info[:3], OLDEST_PYTHON))
    mend = Text(f"install Python {least} or newer", f"cài Python {least} trở lên")
    return judged("python", sys.version_info >= OLDEST_PYTHON, Text(f"Python {runs}", f"Python {runs}"), mend)


def libraries() -> Finding:
    """Look at the installed versions of the libraries."""
    requirements = required()
    if missing := lacking(requirements):
        listed = ", ".join(missing)
        says = Text(f"installed / needed: {listed}", f"đã cài / cần có: {listed}")
        return Finding("libraries", False, says, Text("install the project again", "cài lại dự án"))
    count = len(requirements)
    return Finding("libraries", True, Text(f"all {count} are new enough", f"đủ mới cả {count} thư viện"))


def programs(settings: Settings) -> Finding:
    """Look for the programs of PostgreSQL."""
    try:
        found = find(settings.postgres_bin)
    except Misconfigured as absent:
        (fault,) = absent.faults
        says = Text("no PostgreSQL that can be used", "không có PostgreSQL dùng được")
        return Finding("programs", False, says, Text(fault.en, fault.vi))
    shown = f"PostgreSQL {found.version[0]}.{found.version[1]} ({found.source})"
    return Finding("programs", True, Text(shown, shown))


def data_folder(folder: Path) -> list[Finding]:
    """Look at the data folder: rights, free space, whether it is in use, how long a sync takes."""
    existing = next(place for place in (folder, *folder.parents) if os.path.exists(place))
    if not (existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)):
        says = Text(f"{existing} cannot be written by this user", f"người dùng này không ghi được vào {existing}")
        mend = Text("change its owner, or set TRAMY_DATA", "đổi chủ thư mục, hoặc đặt TRAMY_DATA")
        return [Finding("data folder", False, says, mend)]
    return [presence(folder), space(existing), sync(existing)]


def presence(folder: Path) -> Finding:
    """Say whether there is a database, whose it is, and who runs it."""
    if not (folder / "postgres").is_dir():
        says = Text(f"{folder} holds no database yet; one is made", f"{folder} chưa có cơ sở dữ liệu; sẽ được tạo")
        return Finding("data folder", True, says)
    owner = (folder / "postgres").stat().st_uid
    pid = holder(folder / "tramy.lock")
    use = Text("not in use", "không ai dùng")
    if pid is not None:
        use = Text(f"run by process {pid}", f"tiến trình {pid} đang chạy")
    says = Text(f"{folder}, of user {owner}, {use.en}", f"{folder}, của người dùng {owner}, {use.vi}")
    mend = Text("run tramy as the owner of the data", "chạy tramy dưới quyền chủ dữ liệu")
    return judged("data folder", os.geteuid() in (0, owner), says, mend)


def space(folder: Path) -> Finding:
    """Look at what the disk has free for this user."""
    free = shutil.disk_usage(folder).free
    says = Text(f"{free / 2**30:.1f} GiB free", f"còn trống {free / 2**30:.1f} GiB")
    mend = Text("make room: PostgreSQL stops when the disk is full", "giải phóng đĩa: PostgreSQL dừng khi đĩa đầy")
    return judged("disk", True if free >= LITTLE_SPACE else None, says, mend)


def sync(folder: Path) -> Finding:
    """Measure how long the disk takes to keep 8 kB for good: every acknowledged write waits for that."""
    write_through = getattr(os, "fdatasync", os.fsync)
    taken: list[float] = []
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(8):
            began = time.perf_counter()
            os.pwrite(file.fileno(), bytes(8192), 0)
            write_through(file.fileno())
            taken.append((time.perf_counter() - began) * 1000)
    middle = statistics.median(taken)
    says = Text(f"a sync of 8 kB takes {middle:.2f} ms", f"ghi đồng bộ 8 kB mất {middle:.2f} ms")
    if middle < FEIGNED_SYNC:
        mend = Text(
            "the disk may not write at once: see its cache", "đĩa có thể không ghi ngay: hãy xem bộ đệm của đĩa"
        )
        return Finding("sync", None, says, mend)
    return judged("sync", True if middle <= SLOW_SYNC else None, says, Text("use a faster disk", "dùng đĩa nhanh hơn"))
