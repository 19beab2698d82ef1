"""What conditions in SQL need to know, and the values of a statement."""

from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from app.fhir.resource_type import ResourceType
from app.store.visible import Seen


class Place(NamedTuple):
    """What conditions need to know: the type asked, the zone of days, the time of asking, this server's address.

    `seen` is the moment at which records are looked at, None for now; `past` says that the condition is for the
    table of past versions; `probe` that words are looked up record by record, for a search that walks in order.
    `limited` says that the caller does not see everyone, `few` that those whom it sees are looked at one by one.
    """

    kind: ResourceType
    zone: ZoneInfo
    now: datetime
    base: str
    seen: Seen | None = None
    past: bool = False
    probe: bool = False
    limited: bool = False
    few: bool = False


class Arguments(list):
    """The values of a statement in order."""

    def add(self, value: Any) -> str:
        """Keep a value and return its placeholder."""
        self.append(value)
        return f"${len(self)}"


def any_of(tests: Any) -> str:
    """Return the condition that one of several holds."""
    return "(" + " or ".join(tests) + ")"
