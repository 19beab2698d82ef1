"""The attacks of tests/api/test_fuzz_*.py over and over with other seeds, in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
FOLDER = Path(__file__).parent.parent / "api"
SEEDS = range(2, 4)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ["bodies", "laws", "search", "writes"])
def test_other_seeds_find_nothing(name: str, seed: int) -> None:
    environment = {**os.environ, "FUZZ_SEED": f"{seed}", "FUZZ_ROUNDS": "5"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", f"{FOLDER}/test_fuzz_{name}.py"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1800, check=False)
    assert done.returncode == 0, done.stdout[-8000:]
