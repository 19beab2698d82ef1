"""The columns of a version read anew from its body, as a write reads them (app/fhir/write/prepared.py)."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg

from app.fhir.instant import Range
from app.fhir.resource_type import Reading, ResourceType
from app.fhir.search.common import META

_OF_VERSIONS = {"patient_id", "id", "version", "tx", "updated_at", "body"}


def columns_of(kind: ResourceType) -> list[str]:
    """Return the columns that are read from bodies: not those of each version, nor the service's own."""
    kept = _OF_VERSIONS.union(kind.tables.own)
    return sorted(column.name for column in kind.tables.current.columns if column.name not in kept)


def read(kind: ResourceType, body: str | None, received: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Return every column of a version with its value, None where it has none; a deletion has none at all."""
    empty = dict.fromkeys(columns_of(kind))
    if body is None:
        return empty
    tree = json.loads(body, parse_float=Decimal)
    common = {name: value for item in META if "meta" in tree for name, value in item.read(tree, zone).items()}
    return {**empty, **common, **kind.columns(tree, Reading(zone, received))}


def changed(kept: Mapping[str, Any], found: Mapping[str, Any]) -> set[str]:
    """Return the columns whose value is another one than what a row keeps."""
    return {name for name, value in found.items() if alike(kept[name]) != alike(value)}


def alike(value: Any) -> Any:
    """Return a value in one form, whether it is to be written or the driver gave it back."""
    if isinstance(value, list):
        return [alike(item) for item in value]
    if isinstance(value, Range):
        # The driver writes a pair as a range with both its ends.
        return asyncpg.Range(value.low, value.high, upper_inc=True)
    if isinstance(value, asyncpg.Range) and not value.isempty:
        ends = alike(value.lower), alike(value.upper)
        return asyncpg.Range(*ends, lower_inc=value.lower_inc, upper_inc=value.upper_inc)
    if isinstance(value, datetime) and value.tzinfo is None:
        # It gives the ends of time without a zone.
        return value.replace(tzinfo=UTC)
    return value
