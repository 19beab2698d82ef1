"""What is asked of a history: whose versions, of which time, how many on a page.

https://hl7.org/fhir/R4/http.html#history
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.config import Settings
from app.errors import BadParameter
from app.fhir.asked import Asked, Pairs
from app.fhir.instant import Range, moment
from app.fhir.links import PARAMETER
from app.fhir.resource_type import Registry, ResourceType

FORM = ("_format", "_pretty")
_NAMES = ("_count", "_since", "_at", "_total", *FORM)
_TOTALS = ("none", "accurate")
# An instant has at least seconds, and a zone.
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", re.ASCII)


class Listed(NamedTuple):
    """Whose versions are listed: those of these types, and of one record where an id is given."""

    kinds: tuple[ResourceType, ...]
    id: str

    @property
    def address(self) -> str:
        """The address of this history below the base."""
        kind = [kind.name for kind in self.kinds] if len(self.kinds) == 1 else []
        return "/".join([*kind, *([self.id] if self.id else []), "_history"])


class Query(NamedTuple):
    """Versions on a page, when they were written at the earliest, in which time they were current, whether to count."""

    size: int
    since: datetime | None = None
    at: Range | None = None
    total: bool = True


def listed(registry: Registry, what: Asked) -> Listed:
    """Return whose versions an address names."""
    return Listed((what.kind,) if what.kind else tuple(registry), what.id)


def sealed_in(pairs: Pairs) -> str:
    """Return the sealed text of a page's link, "" where there is none.

    Raises BadParameter for other parameters beside it: what they say was settled by the first page.
    """
    given = [(name, value) for name, value in pairs if name not in FORM]
    if all(name != PARAMETER for name, _ in given):
        return ""
    if len(given) > 1:
        raise BadParameter.of(
            f"A page link takes no other parameters but {', '.join(FORM)}; follow it as it is.",
            f"Liên kết trang không nhận tham số nào khác ngoài {', '.join(FORM)}; hãy dùng nguyên liên kết.",
            PARAMETER,
        )
    return given[0][1]


def read_query(settings: Settings, pairs: Pairs) -> Query:
    """Read the parameters. Raises BadParameter for one that is unknown, repeated or not understood."""
    given = _given(pairs)
    return Query(
        min(_count(given), settings.page_limit) if "_count" in given else settings.page_size,
        _since(given, settings.time_zone) if "_since" in given else None,
        _at(given, settings.time_zone) if "_at" in given else None,
        _total(given),
    )


def applied(query: Query, pairs: Pairs) -> Pairs:
    """Return the parameters that were given as they were applied: a greater page than is served is a smaller one."""
    return [(name, str(query.size) if name == "_count" else value) for name, value in pairs if name not in FORM]


def _given(pairs: Pairs) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in _NAMES:
            raise BadParameter.of(
                f"A history takes no parameters but {', '.join(_NAMES)}.",
                f"Lịch sử không nhận tham số nào ngoài {', '.join(_NAMES)}.",
                name if re.fullmatch(r"[\w:.-]{1,80}", name) else "?",
            )
        if name in found:
            raise _refused(name, "may be given once", "chỉ được dùng một lần")
        found[name] = value
    return found


def _count(given: Mapping[str, str]) -> int:
    if not re.fullmatch(r"\d{1,9}", given["_count"], re.ASCII):
        raise _refused("_count", "must be a whole number, 0 or greater", "phải là số nguyên từ 0 trở lên")
    return int(given["_count"])


def _since(given: Mapping[str, str], zone: ZoneInfo) -> datetime:
    try:
        if _INSTANT.fullmatch(given["_since"]):
            return moment(given["_since"], zone).low
    except ValueError:
        pass
    raise _refused(
        "_since",
        "must be an instant with seconds and a zone, such as 2026-03-02T08:00:00Z (write + as %2B)",
        "phải là thời điểm có giây và múi giờ, ví dụ 2026-03-02T08:00:00Z (viết + là %2B)",
    )


def _at(given: Mapping[str, str], zone: ZoneInfo) -> Range:
    try:
        return moment(given["_at"], zone)
    except ValueError:
        raise _refused(
            "_at",
            "must be a year, month, day or time, such as 2026-03-02 (write + as %2B)",
            "phải là năm, tháng, ngày hoặc thời điểm, ví dụ 2026-03-02 (viết + là %2B)",
        ) from None


def _total(given: Mapping[str, str]) -> bool:
    value = given.get("_total", "accurate")
    if value not in _TOTALS:
        raise _refused("_total", f"must be {' or '.join(_TOTALS)}", f"phải là {' hoặc '.join(_TOTALS)}")
    return value == "accurate"


def _refused(name: str, en: str, vi: str) -> BadParameter:
    return BadParameter.of(f"{name} {en}.", f"{name} {vi}.", name)
