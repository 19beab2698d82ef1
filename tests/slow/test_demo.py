"""The figure of Bát Xát, end of 2023, from an invented register: 76,832 of 80,186 insured is 95.82 %."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_published_share_of_insured_is_reproduced_exactly(tmp_path: Path) -> None:
    environment = {**os.environ, "TRAMY_DATA": str(tmp_path / "data")}
    asked = ["--people", "80186", "--insured", "76832", "--no-serve", "--json"]

    def tramy(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "app", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900, check=False
        )

    ran = tramy("demo", *asked)
    assert ran.returncode == 0, ran.stderr
    shown = json.loads(ran.stdout)
    insured = next(item for item in shown["indicators"] if item["code"] == "insured")
    assert insured == {"code": "insured", "numerator": 76832, "denominator": 80186, "rate": 95.82}
    assert shown["refused"] == 0
    counted = json.loads(tramy("recount", "--json").stdout)
    assert counted["difference"] == 0
    assert counted["people"] >= 80186
