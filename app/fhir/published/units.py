"""The administrative units of Viet Nam as code systems, one version an era: province, (district,) commune.

Their address is the one that VN Core gives to the codes of its addresses without listing them. A code means nothing
without its version. Resolution 202/2025/QH15, QĐ 19/2025/QĐ-TTg; schemas/places/README.md
"""

import csv
from collections.abc import Iterator
from functools import cache

from app.fhir.definitions import SCHEMAS
from app.fhir.published.concepts import Tree
from app.fhir.published.lists import CANONICAL, all_codes

SYSTEM = "http://fhir.ehealth.gov.vn/core/CodeSystem/vn-core-administrative-address"
_LEVELS = (("province_code", "province_name"), ("district_code", "district_name"), ("code", "name"))
Row = dict[str, str]


@cache
def unit_systems() -> tuple[Tree, ...]:
    """Return the code systems, the oldest first; built from the lists on first use."""
    return tuple(_system(row) for row in _rows("versions.csv"))


def unit_value_sets() -> list[Tree]:
    """Return a value set of all units of each era."""
    return [all_codes(tree) for tree in unit_systems()]


def _rows(name: str) -> Iterator[Row]:
    with SCHEMAS.joinpath("places", name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _system(era: Row) -> Tree:
    concepts, count = _concepts(list(_rows(era["units"])))
    days = f"{era['from'] or '…'} – {era['until'] or '…'}"
    return {
        "resourceType": "CodeSystem",
        "id": f"don-vi-hanh-chinh-{era['version']}",
        "language": "vi",
        "url": SYSTEM,
        "version": era["version"],
        "name": "DonViHanhChinh",
        "title": f"Đơn vị hành chính Việt Nam ({days})",
        "status": "active" if not era["until"] else "retired",
        "description": f"Administrative units of Viet Nam in force {days}: {era['source']}. "
        "Ranks that have no commune in the list are not in it.",
        "copyright": f"{era['source']}; lists: vietnamadminunits 1.0.4 (MIT), see schemas/places/README.md",
        "caseSensitive": True,
        "valueSet": f"{CANONICAL}/ValueSet/don-vi-hanh-chinh",
        "hierarchyMeaning": "part-of",
        "versionNeeded": True,
        "content": "complete" if not era["until"] else "fragment",
        "count": count,
        "concept": concepts,
    }


def _concepts(rows: list[Row]) -> tuple[list[Tree], int]:
    """Nest the units of each row in those above them; return the top ones and the number of all."""
    known: dict[str, Tree] = {}
    top: list[Tree] = []
    for row in rows:
        siblings = top
        for code, name in _LEVELS:
            if not row.get(code):
                continue
            unit = known.get(row[code])
            if unit is None:
                unit = known[row[code]] = {"code": row[code], "display": row[name]}
                siblings.append(unit)
            siblings = unit.setdefault("concept", []) if code != "code" else []
    return top, len(known)
