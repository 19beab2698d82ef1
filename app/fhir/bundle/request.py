"""The conditions in `Bundle.entry.request`: what the headers of a request of its own would say.

https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.entry.request
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.errors import BadParameter, Fault
from app.fhir.answer import Answer
from app.fhir.etag import lists, read_if_absent, read_if_match
from app.fhir.instant import moment

_READING = ("GET", "HEAD")
_TAKEN_BY: dict[str, tuple[str, ...]] = {
    "ifMatch": ("PUT", "PATCH", "DELETE"),
    "ifNoneMatch": ("PUT", *_READING),
    "ifModifiedSince": _READING,
    "ifNoneExist": ("POST",),
}
"""The methods for which each condition has a meaning; with another it is refused, never ignored."""


@dataclass(frozen=True)
class Conditions:
    """`if_match` is the version that must be current (etag.ANY for whichever), `if_absent` says that there may be
    none, `if_none_exist` are the criteria of a conditional create; `known` lists the versions that a reader has,
    `since` is the time of the newest it has seen.
    """

    if_match: int | None = None
    if_absent: bool = False
    if_none_exist: str | None = None
    known: str | None = None
    since: datetime | None = None

    def unless_known(self, found: Answer) -> Answer:
        """Return what was read, or 304 without a body when the reader has it; `known` decides where it is given."""
        if self.known is not None:
            same = lists(self.known, found.version)
        else:
            same = self.since is not None and found.time is not None and found.time <= self.since
        return found._replace(status=304, body=None) if same else found


def misplaced(request: Mapping[str, Any], place: str) -> Iterator[Fault]:
    """List the conditions that are no texts, or that this method does not take."""
    for name, methods in _TAKEN_BY.items():
        if not isinstance(request.get(name, ""), str):
            yield Fault("structure", f"{name} must be a string.", f"{name} phải là chuỗi.", f"{place}.{name}")
        elif name in request and request["method"] not in methods:
            listed = ", ".join(methods)
            yield Fault(
                "invalid", f"{name} goes with {listed} only.", f"{name} chỉ dùng với {listed}.", f"{place}.{name}"
            )


def read_conditions(request: Mapping[str, Any], zone: ZoneInfo) -> Conditions:
    """Read the conditions, which are texts. Raises BadParameter for one that is not understood."""
    reading = request["method"] in _READING
    if_none_match = request.get("ifNoneMatch")
    return Conditions(
        read_if_match(request.get("ifMatch")),
        False if reading else read_if_absent(if_none_match),
        request.get("ifNoneExist"),
        if_none_match if reading else None,
        _instant(request["ifModifiedSince"], zone) if "ifModifiedSince" in request else None,
    )


def _instant(text: str, zone: ZoneInfo) -> datetime:
    try:
        found = moment(text, zone)
    except ValueError:
        found = None
    if found is None or "T" not in text:
        raise BadParameter.of(
            "ifModifiedSince must be an instant.", "ifModifiedSince phải là một thời điểm (instant).", "ifModifiedSince"
        )
    return found.low
