"""The synthetic transaction bundles load, and what is stored equals what the files hold."""

import asyncio
import bz2
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import asyncpg
import pytest

from app.resources.registry import registry

ROOT = Path(__file__).resolve().parents[2]
SYNTHEA = ROOT.parent / "shared" / "data" / "synthea"
HELD = {kind.name: kind.tables.name for kind in registry()}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SYNTHEA.is_dir(), reason=f"left out: the synthetic bundles are not at {SYNTHEA.name}/"),
]


async def test_stored_counts_equal_the_counts_in_the_files(database: str) -> None:
    files = sorted(SYNTHEA.glob("*.json.bz2"))
    held: Counter[str] = Counter()
    for file in files:
        for entry in json.loads(bz2.decompress(file.read_bytes()))["entry"]:
            held[entry["resource"]["resourceType"]] += 1
    command = [sys.executable, "-m", "app", "load", *map(str, files)]
    environment = {**os.environ, "TRAMY_DATABASE_URL": database, "COLUMNS": "500"}
    ran = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert ran.returncode == 0, ran.stderr
    connection = await asyncpg.connect(database)
    stored = {name: await connection.fetchval(f"select count(*) from {table}") for name, table in HELD.items()}
    await connection.close()
    assert stored == {name: held[name] for name in HELD}
    left_out = sum(number for name, number in held.items() if name not in HELD)
    assert f"{left_out:,}" in ran.stdout
