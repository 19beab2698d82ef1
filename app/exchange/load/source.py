"""Files to be loaded: their compression and form are seen from their content, not from their names.

NDJSON has a resource on each line (https://hl7.org/fhir/uv/bulkdata/); any other file is one JSON document.
"""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from app.errors import Malformed
from app.exchange.load.item import Item, glance
from app.fhir.json import members

_OPENERS = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}
_MOST = 512 * 1024 * 1024
"""Bytes of one line or one document, uncompressed: a file that unfolds without end is refused."""
_RESOURCES = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_AS_IS = ("transaction", "batch")


@dataclass
class Files:
    """Files in the order given; `read` is how many bytes of them, as they lie on disk, have been read."""

    paths: list[Path]
    read: int = 0

    @property
    def size(self) -> int:
        """All bytes, as they lie on disk."""
        return sum(path.stat().st_size for path in self.paths)

    def items(self) -> Iterator[Item]:
        """Yield everything in the files. Raises Malformed naming the file that cannot be read."""
        for path in self.paths:
            before = self.read
            with _reading(path) as (opened, disk):
                for item in _document(path.name, opened):
                    self.read = before + disk.tell()
                    yield item
            self.read = before + path.stat().st_size


@contextmanager
def _reading(path: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    try:
        with path.open("rb") as disk:
            head = disk.read(6)
            disk.seek(0)
            opener = next((found for mark, found in _OPENERS.items() if head.startswith(mark)), None)
            if opener is None:
                yield disk, disk
            else:
                with opener(disk, "rb") as opened:
                    yield opened, disk
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise Malformed.of(
            f"{path.name} cannot be read to its end ({type(error).__name__}); what came before is loaded.",
            f"Không đọc hết được {path.name} ({type(error).__name__}); phần đọc được đã nạp.",
        ) from error


def _document(name: str, opened: IO[bytes]) -> Iterator[Item]:
    first = b""
    number = 0
    while not first.strip():
        number, line = number + 1, opened.readline(_MOST)
        if not line:
            return
        first = line
    item = glance(f"{name}:{number}", first)
    if not item.type:
        yield from _unfolded(name, first + _rest(name, opened))
        return
    yield from _lines(name, item, number, opened)


def _lines(name: str, item: Item, number: int, opened: IO[bytes]) -> Iterator[Item]:
    yield from _opened(item)
    while line := opened.readline(_MOST):
        number += 1
        if len(line) >= _MOST:
            raise _endless(name)
        if line.strip():
            yield from _opened(glance(f"{name}:{number}", line))


def _rest(name: str, opened: IO[bytes]) -> bytes:
    rest = opened.read(_MOST)
    if len(rest) >= _MOST:
        raise _endless(name)
    return rest


def _unfolded(name: str, raw: bytes) -> Iterator[Item]:
    yield from _opened(glance(name, raw))


def _opened(item: Item) -> Iterator[Item]:
    """Yield an item, or the resources of a bundle that only carries them (a collection, a search result)."""
    if item.type != "Bundle":
        yield item
        return
    parts = members(item.raw)
    if parts.get("type", b'""').strip(b'"').decode() in _AS_IS or "entry" not in parts:
        yield item
        return
    for index, entry in enumerate(_RESOURCES.decode(parts["entry"])):
        if "resource" in entry:
            yield glance(f"{item.place} entry[{index}]", bytes(entry["resource"]))


def _endless(name: str) -> Malformed:
    return Malformed.of(
        f"{name} has a line or document of more than {_MOST} bytes.",
        f"{name} có dòng hoặc tài liệu dài quá {_MOST} byte.",
    )
