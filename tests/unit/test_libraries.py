"""What is shipped: under licences that let anybody use it, and looked up for known weaknesses."""

import importlib.util
import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)
# certifi is a list of certificates under a licence that asks for changes of that list alone.
LICENCES = re.compile(r"MIT|BSD|Apache|PSF|ISC|Zlib|PostgreSQL|Unlicense|0BSD|MPL[- ]2\.0")


def licence(name: str) -> str:
    told = metadata(name)
    classes = [item for item in told.get_all("Classifier") or [] if item.startswith("License ::")]
    return " ".join([told.get("License-Expression") or "", (told.get("License") or "")[:60], *classes])


@pytest.mark.parametrize("name", SHIPPED)
def test_what_is_shipped_has_a_licence_without_conditions_for_ours(name):
    try:
        stated = licence(name)
    except PackageNotFoundError:
        pytest.skip("not for this machine")
    assert LICENCES.search(stated), stated
    assert not re.search(r"\b[AL]?GPL|General Public", stated), stated


def test_every_library_is_pinned_with_hashes():
    for lock in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / lock).read_text(encoding="utf-8")
        pinned = re.findall(r"^[A-Za-z0-9._-]+==.*", text, re.MULTILINE)
        hashed = re.findall(r"^[A-Za-z0-9._-]+==.*\\\n    --hash=sha256:[0-9a-f]{64}", text, re.MULTILINE)
        assert len(pinned) == len(hashed) > 30
        assert not re.search(r"://|--index|--find|^-e|@", text, re.MULTILINE)


@pytest.fixture
def advisories():
    spec = importlib.util.spec_from_file_location("advisories", ROOT / ".ci/advisories.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SOUND = {"name": "a", "version": "1", "vulns": []}
SKIPPED = {"name": "b", "skip_reason": "not found"}
WEAK = {"name": "c", "version": "2", "vulns": [{"id": "PYSEC-0000-1", "fix_versions": ["3"]}]}


@pytest.mark.parametrize(
    ("listed", "code", "says"),
    [
        ([SOUND], 0, "no known weakness"),
        ([SOUND, SKIPPED], 0, "NOT AUDITED, unknown to the source: b"),
        ([SOUND, WEAK], 1, "c 2: PYSEC-0000-1, mended in 3"),
        ([SKIPPED, WEAK], 1, "c 2: PYSEC-0000-1"),
        ([SKIPPED], 0, "NOT AUDITED: no source"),
        ([], 0, "NOT AUDITED: no source"),
    ],
)
def test_a_finding_fails_and_a_source_that_is_away_is_told(advisories, monkeypatch, capsys, listed, code, says):
    verdict = advisories.judged({"dependencies": listed})
    monkeypatch.setattr(advisories, "asked", lambda lock, source: verdict if verdict.known else None)
    assert advisories.main("requirements.lock") == code
    assert says in capsys.readouterr().out
