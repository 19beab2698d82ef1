"""What an interaction answers, before HTTP or a bundle entry gives it a form."""

from datetime import datetime
from typing import NamedTuple

from app.fhir.resource_type import ResourceType
from app.fhir.write.change import STATUS, Written


class Answer(NamedTuple):
    """A status and, where there is one, the version it is about: `body` is the exact JSON of it,
    `written` says that a write made it or found it as it was to be, `person` is the id of the person it belongs to
    where it was read."""

    status: int
    kind: ResourceType | None = None
    id: str = ""
    version: int = 0
    time: datetime | None = None
    body: str | None = None
    written: bool = False
    person: str = ""

    @property
    def location(self) -> str:
        """The relative address of the version, "" where there is none."""
        return f"{self.kind.name}/{self.id}/_history/{self.version}" if self.kind and self.version else ""


def answer(written: Written) -> Answer:
    """Return the answer to a write."""
    return Answer(STATUS[written.outcome], written.kind, written.id, written.version, written.time, written.body, True)
