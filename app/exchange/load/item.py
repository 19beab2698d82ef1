"""One thing to be loaded: a resource or a bundle as bytes, and the place it came from."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import msgspec


class Item(NamedTuple):
    """Bytes of a resource or bundle; `place` is a file and line, `owner` keeps a person's records in order."""

    place: str
    type: str
    owner: str
    raw: bytes


class Work(Protocol):
    """A portion that a worker loads; what it holds is made where it is loaded."""

    def items(self) -> Iterator[Item]:
        """Yield the items in order."""
        ...


class _Reference(msgspec.Struct):
    reference: str = ""


class _Glance(msgspec.Struct):
    type: str = msgspec.field(default="", name="resourceType")
    id: str = ""
    patient: _Reference | None = None
    subject: _Reference | None = None
    beneficiary: _Reference | None = None


_GLANCE = msgspec.json.Decoder(_Glance)


def glance(place: str, raw: bytes) -> Item:
    """Return an item after a first look; what cannot be read has no type and is refused where it is loaded."""
    try:
        seen = _GLANCE.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Item(place, "", "", raw)
    named = seen.patient or seen.subject or seen.beneficiary
    owner = named.reference if named else f"{seen.type}/{seen.id}"
    return Item(place, seen.type, owner, raw)
