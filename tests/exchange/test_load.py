"""Loading files: every form and compression, in any order, and nothing passes silently."""

import bz2
import gzip
import json
import lzma
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from app.config import Settings
from app.errors import Malformed
from app.exchange.load.item import Item
from app.exchange.load.report import Report
from app.exchange.load.source import Files
from app.exchange.load.store import store
from app.exchange.opening import Running, running

PERSON = {"resourceType": "Patient", "id": "p1", "name": [{"text": "Lý Thị Mẫu"}]}
VISIT = {
    "resourceType": "Encounter",
    "id": "e1",
    "status": "finished",
    "class": {"code": "AMB"},
    "subject": {"reference": "Patient/p1"},
    "period": {"start": "2026-03-02T06:30:00+07:00"},
}
OTHER = {"resourceType": "Observation", "id": "o1", "status": "final", "code": {"text": "x"}}


@pytest.fixture
async def opened(database: str) -> AsyncIterator[Running]:
    async with running(Settings(pool_size=2), database) as service:
        yield service


async def load(opened: Running, *paths: Path) -> Report:
    """Load files in this process, trying again what is put off, as the command does."""
    report, later = await store(opened.service, Files(list(paths)).items(), last=False)
    while later:
        again, rest = await store(opened.service, later, last=False)
        report += again
        if len(rest) == len(later):
            final, _ = await store(opened.service, rest, last=True)
            report += final
            break
        later = rest
    return report


def lines(*resources: dict) -> bytes:
    return b"".join(json.dumps(resource, ensure_ascii=False).encode() + b"\n" for resource in resources)


@pytest.mark.parametrize(
    ("name", "pack"),
    [("a.ndjson", bytes), ("a.ndjson.gz", gzip.compress), ("a.bz2", bz2.compress), ("odd-name", lzma.compress)],
)
async def test_compression_is_seen_from_the_content(
    opened: Running, tmp_path: Path, name: str, pack: Callable[[bytes], bytes]
) -> None:
    (tmp_path / name).write_bytes(pack(lines(PERSON, VISIT)))
    report = await load(opened, tmp_path / name)
    assert dict(report.stored) == {"Patient": 1, "Encounter": 1}
    assert not report.refused


async def test_the_same_file_again_changes_nothing(opened: Running, tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_bytes(lines(PERSON, VISIT))
    await load(opened, tmp_path / "a.ndjson")
    report = await load(opened, tmp_path / "a.ndjson")
    assert (report.stored.total(), report.unchanged.total()) == (0, 2)


async def test_records_may_come_before_their_patient(opened: Running, tmp_path: Path) -> None:
    (tmp_path / "visits.ndjson").write_bytes(lines(VISIT))
    (tmp_path / "people.ndjson").write_bytes(lines(PERSON))
    report = await load(opened, tmp_path / "visits.ndjson", tmp_path / "people.ndjson")
    assert report.stored.total() == 2
    assert not report.refused


async def test_types_that_are_not_held_are_counted(opened: Running, tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_bytes(lines(OTHER, PERSON, OTHER))
    report = await load(opened, tmp_path / "a.ndjson")
    assert dict(report.left_out) == {"Observation": 2}
    assert dict(report.stored) == {"Patient": 1}


async def test_what_is_refused_is_named_by_line_and_stops_nothing(opened: Running, tmp_path: Path) -> None:
    wrong = {**VISIT, "id": "e2", "status": "nonsense"}
    orphan = {**VISIT, "id": "e3", "subject": {"reference": "Patient/nobody"}}
    (tmp_path / "a.ndjson").write_bytes(
        lines(PERSON, wrong, VISIT, orphan) + b"{broken\n" + lines({**VISIT, "id": "e4"})
    )
    report = await load(opened, tmp_path / "a.ndjson")
    assert dict(report.stored) == {"Patient": 1, "Encounter": 2}
    assert sorted(place for place, _ in report.refused) == ["a.ndjson:2", "a.ndjson:4", "a.ndjson:5"]


@pytest.mark.parametrize("indent", [None, 2])
async def test_a_transaction_bundle_is_stored_whole_without_types_not_held(
    opened: Running, tmp_path: Path, indent: int | None
) -> None:
    visit = {**VISIT, "subject": {"reference": "urn:uuid:1"}}
    entry = [
        {"fullUrl": "urn:uuid:1", "resource": PERSON, "request": {"method": "PUT", "url": "Patient/p1"}},
        {"fullUrl": "urn:uuid:2", "resource": visit, "request": {"method": "POST", "url": "Encounter"}},
        {"fullUrl": "urn:uuid:3", "resource": OTHER, "request": {"method": "POST", "url": "Observation"}},
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entry}
    (tmp_path / "b.json").write_text(json.dumps(bundle, indent=indent))
    report = await load(opened, tmp_path / "b.json")
    assert dict(report.stored) == {"Patient": 1, "Encounter": 1}
    assert dict(report.left_out) == {"Observation": 1}


async def test_the_resources_of_a_collection_are_loaded(opened: Running, tmp_path: Path) -> None:
    entry = [{"resource": PERSON}, {"resource": VISIT}]
    (tmp_path / "c.json").write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entry}))
    report = await load(opened, tmp_path / "c.json")
    assert report.stored.total() == 2


async def test_a_file_cut_off_in_the_middle_is_named(opened: Running, tmp_path: Path) -> None:
    packed = gzip.compress(lines(*({**PERSON, "id": f"p{number}"} for number in range(2000))), mtime=0)
    (tmp_path / "cut.ndjson.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(Malformed, match=r"cut\.ndjson\.gz"):
        await load(opened, tmp_path / "cut.ndjson.gz")


async def test_a_record_that_stands_twice_is_stored_in_order(opened: Running) -> None:
    items = [Item("a:1", "Patient", "", json.dumps(PERSON).encode())]
    items.append(Item("a:2", "Patient", "", json.dumps({**PERSON, "gender": "female"}).encode()))
    report, _ = await store(opened.service, items, last=True)
    row = await opened.service.pool.fetchrow("select version, body from patient where id = 'p1'")
    assert report.stored.total() == 2
    assert (row["version"], json.loads(row["body"])["gender"]) == (2, "female")
