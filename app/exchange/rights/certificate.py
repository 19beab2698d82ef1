"""What an erasure leaves as proof: who, when, by which law, how many records of which type and class; nobody's data.

Whoever has the list of the ids can show by its SHA-256 that it was this one; the list itself is not kept.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from app.exchange.rights.due import Due


@dataclass(frozen=True)
class Certificate:
    """The proof of an erasure of what was due before a day."""

    at: datetime
    by: str
    law: tuple[str, ...]
    before: date
    people: int
    records: tuple[tuple[str, str, int], ...]
    digest: str

    @property
    def total(self) -> int:
        """The number of records that were erased."""
        return sum(count for _, _, count in self.records)

    def document(self) -> dict[str, object]:
        """Return the certificate as it is printed and kept in the audit."""
        return {
            "at": self.at.isoformat(),
            "by": self.by,
            "law": list(self.law),
            "before": self.before.isoformat(),
            "people": self.people,
            "records": [{"type": kind, "class": name, "records": count} for kind, name, count in self.records],
            "total": self.total,
            "sha256": self.digest,
        }


def certify(at: datetime, by: str, law: Iterable[str], before: date, erased: Sequence[Due], people: int) -> Certificate:
    """Return the certificate of these erased records; `people` are those of whom nothing is left."""
    counted = Counter((item.type, item.name) for item in erased)
    records = tuple((kind, name, counted[kind, name]) for kind, name in sorted(counted))
    return Certificate(at, by, tuple(dict.fromkeys(law)), before, people, records, digest(erased))


def digest(erased: Iterable[Due]) -> str:
    """Return the SHA-256 of the erased records, a line `Type/id` each, in the order of their bytes."""
    lines = sorted(f"{item.type}/{item.id}\n".encode() for item in erased)
    return sha256(b"".join(lines)).hexdigest()
