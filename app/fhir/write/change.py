"""What is to be done to one record, and what came of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from app.fhir.resource_type import ResourceType
from app.fhir.write.prepared import Prepared


@dataclass(frozen=True)
class Change:
    """A new version of a record, or (`prepared` None) its deletion.

    `fresh` says that the id was made here, so nothing can be there yet; `if_match` is the version that must
    be the current one, `if_absent` that there may be none, `found` the version that a condition found (another one
    under the lock begins the search anew), and `place` the entry of a bundle it came with, as FHIRPath.
    """

    kind: ResourceType
    id: str
    prepared: Prepared | None
    fresh: bool = False
    if_match: int | None = None
    if_absent: bool = False
    found: int | None = None
    place: str = ""

    @property
    def person(self) -> str:
        """The id of the person whom the new version is of, "" for nobody's and for the deletion of what is not one."""
        return self.id if self.kind.is_person else self.prepared.owner if self.prepared else ""

    def at(self, element: str = "") -> str:
        """Return where the resource, or an element of it, stands in what was sent, as FHIRPath."""
        whole = f"{self.place}.resource" if self.place and self.prepared else self.place or self.kind.name
        return f"{whole}.{element}" if element else whole


STATUS = {"created": 201, "updated": 200, "unchanged": 200, "deleted": 204, "absent": 204}
"""The status by which each outcome of a change is answered."""


class Written(NamedTuple):
    """A record after a change: `unchanged` for an update that changes nothing, `absent` for a deletion of nothing."""

    kind: ResourceType
    id: str
    version: int
    time: datetime | None
    body: str | None
    outcome: Literal["created", "updated", "unchanged", "deleted", "absent"]
