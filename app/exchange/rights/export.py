"""All that is held on one person, as one archive: for the person's request to see it. Law 91/2025/QH15, Art. 4.

Records and versions of merged records too, by whom the person is seen, consents, restrictions, requests, emergencies,
notices, what the figures hold of the person, and everyone who looked.
"""

import json
import zipfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime
from hashlib import sha256
from io import BytesIO
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from asyncpg import Range

from app.access.caller import Caller
from app.access.rights.consent import consents
from app.access.rights.deed import Deed, record
from app.access.rights.emergency import emergencies_about
from app.access.rights.notice import notices_about
from app.access.rights.request import requests
from app.access.rights.restriction import restrictions
from app.errors import NotFound
from app.exchange.rights.summary import summary
from app.exchange.rights.versions import Version, history, open_ones, versions
from app.fhir.resource_type import Registry
from app.fhir.write.group import together
from app.store.database import Connection, Reader

Looked = Callable[[Reader, Sequence[str]], Awaitable[Sequence[Mapping[str, Any]]]]
"""Gives everyone who looked at these people, from the audit."""
_TITLES = {
    "reach": "Nơi được xem hồ sơ",
    "consents": "Văn bản đồng ý, yêu cầu, phản đối, rút lại",
    "restrictions": "Hạn chế xử lý dữ liệu",
    "requests": "Yêu cầu về dữ liệu cá nhân",
    "emergencies": "Lần truy cập khẩn cấp",
    "notices": "Thông báo gửi các nơi chăm sóc",
    "spans": "Khoảng ngày được tính trong các chỉ số",
    "ledger": "Dòng sổ cái của các chỉ số",
    "audit": "Lượt truy cập được ghi nhật ký",
}


class Export(NamedTuple):
    """An archive, how many versions are in it, and how many protected records are not."""

    content: bytes
    versions: int
    left_out: int


async def export_person(
    connection: Connection,
    registry: Registry,
    caller: Caller,
    patient_id: str,
    now: datetime,
    zone: ZoneInfo,
    looked: Looked,
    *,
    protected: bool = False,
) -> Export:
    """Return all that is held on a person, read at one moment, and tell the audit; raises NotFound without a person.

    Records with a label of special protection are in it only when that is asked for.
    """
    async with connection.transaction(isolation="repeatable_read"):
        records = await together(connection, registry, [patient_id])
        found = await versions(connection, registry, records)
        if not found:
            raise NotFound.of("Nothing is held on such a person.", "Không lưu dữ liệu nào về người này.", "patient_id")
        given = open_ones(found, protected=protected)
        left_out = len({(item.kind.name, item.id) for item in found} - {(item.kind.name, item.id) for item in given})
        tables = await _tables(connection, records, looked)
        deed = Deed(now, caller, "rights-export", "R", tuple(records), results=len(given))
        await record(connection, deed)
    return Export(_archive(given, left_out, tables, now, zone), len(given), left_out)


async def _tables(reader: Reader, records: Sequence[str], looked: Looked) -> dict[str, Sequence[Any]]:
    people = list(records)
    return {
        "reach": await reader.fetch("select * from reach where patient_id = any($1::text[]) order by holder", people),
        "consents": await consents(reader, people),
        "restrictions": await restrictions(reader, people),
        "requests": await requests(reader, people),
        "emergencies": await emergencies_about(reader, people),
        "notices": await notices_about(reader, people),
        "spans": await reader.fetch(
            "select c.code as series, s.unit, s.sex, s.days from span s join series c on c.id = s.series"
            " where s.person_id = any($1::text[]) order by c.code, s.unit",
            people,
        ),
        "ledger": await reader.fetch(
            "select c.code as series, l.unit, l.sex, l.day, l.change, l.tx from ledger l"
            " join series c on c.id = l.series where l.person_id = any($1::text[]) order by l.tx, c.code, l.day",
            people,
        ),
        "audit": await looked(reader, people),
    }


def _archive(
    found: Sequence[Version],
    left_out: int,
    tables: Mapping[str, Sequence[Any]],
    now: datetime,
    zone: ZoneInfo,
) -> bytes:
    """Return a ZIP with the summary first, and last a list of all files with their SHA-256."""
    titled = {_TITLES[name]: rows for name, rows in tables.items()}
    files = {
        "tom-tat.txt": summary(found, left_out, titled, now, zone),
        "records.json": history(found, now),
        **{f"{name}.json": _json([dict(row) for row in rows]) for name, rows in tables.items()},
    }
    listed = {name: sha256(content).hexdigest() for name, content in files.items()}
    files["manifest.json"] = _json({"made": now.isoformat(), "left_out": left_out, "sha256": listed})
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, now.astimezone(zone).timetuple()[:6]), content)
    return made.getvalue()


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, default=_plain) + "\n").encode()


def _plain(value: Any) -> Any:
    """Return in plain JSON what the driver gives: days, times, ranges of days."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Range):
        return {"from": value.lower, "until": value.upper}
    return str(value)
