"""Walks along seals and rows together: one stream of rows in the order of transactions, cut where a seal ends.

A transaction that was under way at a seal belongs to a later one; its rows are met in the stream before that and
are held until then. They come first there, since their numbers are lower than any that the later seal begins with.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from app.audit.rows import between, of
from app.audit.seal import Digest, Seal
from app.store.database import Connection


class Found(NamedTuple):
    """What was found of the rows that a seal covers."""

    seal: Seal
    rows: int
    digest: bytes


class Walk:
    """A walk that begins after a seal; `where` is a condition more on the rows."""

    def __init__(self, connection: Connection, last: Seal, where: str = "") -> None:
        self._connection = connection
        self._last = last
        self._where = where
        self._late: dict[int, list[bytes]] = {}

    async def begin(self) -> None:
        """Take up the rows of what was under way at the seal that the walk begins after."""

        async def take(text: bytes) -> None:
            for line in text.splitlines(keepends=True):
                self._late.setdefault(_number(line, 0), []).append(line)

        await of(self._connection, self._last.late, take, where=self._where)

    async def along(self, seals: Sequence[Seal]) -> list[Found]:
        """Return what is found for the next seals."""
        cut = _Cut(self._last, seals, self._late)
        low, high = self._last.high, seals[-1].high
        await between(self._connection, low, high, cut.take, where=self._where)
        self._last = seals[-1]
        return cut.end()


class _Part(NamedTuple):
    """Rows before a transaction that go to one seal; `late` is the transaction they are of, if it was under way."""

    end: int
    late: int | None
    seal: Seal | None
    """The seal that ends with this part."""


class _Cut:
    """Cuts a stream of rows into the parts of seals."""

    def __init__(self, last: Seal, seals: Sequence[Seal], late: dict[int, list[bytes]]) -> None:
        self._late = late
        self._parts = deque(_parts(last, seals))
        self._before = last
        self._comes = deque(seals)
        self._found: list[Found] = []
        self._digest = Digest()
        self._rest = b""
        self._open()

    async def take(self, text: bytes) -> None:
        """Take the next rows of the stream."""
        if self._rest or not text.endswith(b"\n"):
            text = self._rest + text
            end = text.rfind(b"\n") + 1
            text, self._rest = text[:end], text[end:]
        place = 0
        while place < len(text):
            part = self._parts[0]
            end = _place(text, place, part.end)
            if end > place:
                self._add(part, text[place:end] if place or end < len(text) else text)
            place = end
            if place < len(text):
                self._next()

    def end(self) -> list[Found]:
        """Return what was found, once the stream has ended."""
        while self._parts:
            self._next()
        return self._found

    def _add(self, part: _Part, text: bytes) -> None:
        if part.late is None:
            self._digest.add(text)
        else:
            self._late.setdefault(part.late, []).append(text)

    def _next(self) -> None:
        part = self._parts.popleft()
        if part.seal is not None:
            self._found.append(Found(part.seal, self._digest.rows, self._digest.value))
            self._before = self._comes.popleft()
            self._open()

    def _open(self) -> None:
        """Begin the digest of the next seal with the rows that came late."""
        self._digest = Digest()
        if self._comes and self._late:
            for tx in sorted(self._before.late - self._comes[0].late):
                for text in self._late.pop(tx, ()):
                    self._digest.add(text)


def _parts(last: Seal, seals: Sequence[Seal]) -> Iterator[_Part]:
    """Yield the parts of the stream in order: the last of each seal ends it, if by no row."""
    for seal in seals:
        for tx in seal.running:
            if tx >= last.high:
                yield _Part(tx, None, None)
                yield _Part(tx + 1, tx, None)
        yield _Part(seal.high, None, seal)
        last = seal


def _place(text: bytes, place: int, end: int) -> int:
    """Return where the rows before a transaction end, in whole rows from `place` on."""
    if _number(text, text.rfind(b"\n", 0, len(text) - 1) + 1) < end:
        return len(text)
    # Where little goes on, a seal covers a row or none: these are looked at before half the text is.
    if _number(text, place) >= end:
        return place
    low, high = text.index(b"\n", place) + 1, len(text)
    if _number(text, low) >= end:
        return low
    # Rows that begin before `low` are before the transaction, those that begin at `high` or later are not.
    while low < high:
        row = max(text.rfind(b"\n", 0, (low + high) // 2) + 1, low)
        if _number(text, row) < end:
            low = text.index(b"\n", row) + 1
        else:
            high = row
    return low


def _number(text: bytes, row: int) -> int:
    """Return the transaction of the row that begins there."""
    return int(text[row : text.index(b"\t", row)])
