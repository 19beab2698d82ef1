"""One thing that somebody did or was refused, as the audit keeps it. https://hl7.org/fhir/R4/auditevent.html"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

CREATE, READ, UPDATE, DELETE, EXECUTE = "C", "R", "U", "D", "E"
"""Actions. https://hl7.org/fhir/R4/valueset-audit-event-action.html"""
DONE, REFUSED, FAILED, BROKEN = "0", "4", "8", "12"
"""Outcomes: done, the client's fault, ours, and one that makes the service unusable.

https://hl7.org/fhir/R4/valueset-audit-event-outcome.html"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One request, one entry of a bundle, one page or part, or one act of an administrator.

    `request` is the id of the request, the same in all events of it; `part` the number of the entry or page, 0 for
    the request itself. `path` is the address with its query, `reason` that of a break-glass request, `records` are
    references such as `Patient/a1`, `people` the ids of patients, `results` the number of records found.
    """

    at: datetime
    action: str
    interaction: str
    request: str = ""
    part: int = 0
    method: str = ""
    path: str = ""
    client: str = ""
    user: str = ""
    organization: str = ""
    address: str = ""
    purpose: str = ""
    reason: str = ""
    status: int = 0
    outcome: str = DONE
    records: Sequence[str] = ()
    people: Sequence[str] = ()
    results: int | None = None
    detail: str = ""


def outcome_of(status: int) -> str:
    """Return the outcome that a status of HTTP means."""
    return DONE if status < 400 else REFUSED if status < 500 else FAILED
