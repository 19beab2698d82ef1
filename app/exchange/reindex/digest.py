"""What the columns of a type are read with, as a digest: when it changes, rows written before are read anew."""

import json
from collections.abc import Callable
from hashlib import sha256
from zoneinfo import ZoneInfo

from app.fhir.resource_type import ResourceType
from app.fhir.search.common import META

READ_AS = 1
"""Raised when a function gives other values under the name it had: the digest cannot see into functions."""


def digest(kind: ResourceType, zone: ZoneInfo) -> str:
    """Return the digest of the declarations by which the columns of a type are read, in a zone."""
    searched = (*META, *kind.search)
    read = [(item.name, item.kind, item.paths, _name(item.values)) for item in searched]
    derived = kind.derived.columns if kind.derived else ()
    columns = {column for item in searched for column in item.columns()}.union(derived)
    kept = [(column.name, *(("words", column.beside) if column.index == "prefix" else ())) for column in columns]
    by = _name(kind.derived.read) if kind.derived else ""
    return sha256(json.dumps([READ_AS, zone.key, sorted(read), sorted(set(kept)), by]).encode()).hexdigest()


def _name(function: Callable) -> str:
    return f"{function.__module__}.{function.__qualname__}"
