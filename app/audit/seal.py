"""A seal: what it covers, and the hash by which it holds the seal before it and the rows that became visible since.

Which rows a seal covers follows from the transaction that each row names: those that the seal's snapshot sees and
the one before did not. A row of a sealed transaction that is changed, taken away, put in or put elsewhere
therefore changes the digest of exactly one seal. FIPS 180-4, https://doi.org/10.6028/NIST.FIPS.180-4
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple

from app.store.database import Reader

_COLUMNS = "number, at, form, low, high, running, rows, total, digest, hash"


class Seal(NamedTuple):
    """A seal: its number, its time, the snapshot, how many rows it and the chain to it cover, digest and hash."""

    number: int
    at: datetime
    form: int
    low: int
    high: int
    running: Sequence[int]
    rows: int
    total: int
    digest: bytes
    hash: bytes

    @property
    def late(self) -> frozenset[int]:
        """The transactions that were under way: their rows are covered by a later seal."""
        return frozenset(self.running)


BEGINNING = Seal(0, datetime(1970, 1, 1, tzinfo=UTC), 0, 0, 0, (), 0, 0, b"", bytes(32))
"""What the first seal holds on to."""


class Digest:
    """The digest of rows that come in parts, and how many they are."""

    def __init__(self) -> None:
        self.rows = 0
        self._hash = sha256(b"tramy audit rows\n")

    def add(self, text: bytes) -> None:
        """Add whole rows."""
        self._hash.update(text)
        self.rows += text.count(b"\n")

    async def take(self, text: bytes) -> None:
        """Add whole rows, as the output of a COPY."""
        self.add(text)

    @property
    def value(self) -> bytes:
        """The digest of what was added so far."""
        return self._hash.digest()


NOTHING = Digest().value
"""The digest of no rows."""


def hashed(seal: Seal, before: bytes) -> bytes:
    """Return the hash that a seal must have after one with the hash `before`."""
    at = seal.at.astimezone(UTC).isoformat(timespec="microseconds")
    running = ",".join(map(str, seal.running))
    told = f"{seal.number}\n{at}\n{seal.form}\n{seal.low}:{seal.high}:{running}\n{seal.rows}\n{seal.total}\n"
    return sha256(b"tramy audit seal\n" + before + told.encode() + seal.digest).digest()


async def head(reader: Reader) -> Seal:
    """Return the last seal, BEGINNING without any."""
    row = await reader.fetchrow(f"select {_COLUMNS} from audit_seal order by number desc limit 1")
    return Seal(*row) if row else BEGINNING


async def after(reader: Reader, number: int, most: int) -> list[Seal]:
    """Return the seals after a number, in order, at most so many."""
    query = f"select {_COLUMNS} from audit_seal where number > $1 order by number limit $2"
    return [Seal(*row) for row in await reader.fetch(query, number, most)]


async def numbered(reader: Reader, numbers: Iterable[int]) -> dict[int, Seal]:
    """Return those seals of these numbers that there are."""
    rows = await reader.fetch(f"select {_COLUMNS} from audit_seal where number = any($1::bigint[])", list(numbers))
    return {row["number"]: Seal(*row) for row in rows}
