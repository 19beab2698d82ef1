"""What a table was measured on, without which its figures mean nothing."""

import os
import platform
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from bench.figure import percentile
from bench.run import Sizes

_PAGE = 8192


def facts(data: Path, sizes: Sizes, postgres: Mapping[str, Any]) -> dict[str, str]:
    """Return the machine, the settings that make writes durable, and the sizes, by what they are called."""
    synced = pages_synced(data)
    middle, late = (1000 * percentile(synced, share) for share in (0.5, 0.95))
    durable = ", ".join(f"{name} {setting}" for name, setting in sorted(postgres["durable"].items()))
    lasting = all(setting == "on" for setting in postgres["durable"].values())
    return {
        "measured": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "machine": f"{os.cpu_count()} cores ({platform.machine()}, {_processor()}), "
        f"{psutil.virtual_memory().total / 1e9:.0f} GB",
        "load": f"{' '.join(f'{load:.1f}' for load in os.getloadavg())} (1, 5 and 15 minutes) when the run began",
        "software": f"Python {platform.python_version()}, PostgreSQL {postgres['postgres']}",
        "fsync": f"p50 {middle:.2f} ms, p95 {late:.2f} ms ({len(synced)} x 8 kB and fdatasync in the data folder)",
        "durable": durable if lasting else f"NOT DURABLE: {durable}",
        "data": f"{sizes.people:,} people in 3,321 communes, each 3 visits and a card; load generator, server and "
        "Postgres on the same cores",
        "guarded": "token, access rule and audit on, but in what is called bare",
    }


def pages_synced(data: Path, rounds: int = 100) -> list[float]:
    """Return the seconds that each of `rounds` writes of 8 kB takes in a folder, brought to disk by fdatasync."""
    path, spent = data / "sync.probe", []
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        for _ in range(rounds):
            began = time.perf_counter()
            os.write(descriptor, bytes(_PAGE))
            os.fdatasync(descriptor)
            spent.append(time.perf_counter() - began)
    finally:
        os.close(descriptor)
        path.unlink()
    return spent


def _processor() -> str:
    """Return the name of the processor, where the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text("utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "processor not named"
