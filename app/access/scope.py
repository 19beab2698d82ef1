"""Scopes as a token carries them, read once: SMART v2 for records, our own words for the rest.

`system/Patient.rs`, `user/*.cruds`, `system/Encounter.rs?class=AMB`; and `tramy/indicators`, of which OWN lists all.
https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-fhir-resources
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple
from urllib.parse import parse_qsl

from app.errors import BadParameter

OWN: Mapping[str, tuple[str, str]] = {
    "tramy/indicators": ("figures of the caller's places", "số liệu của địa bàn"),
    "tramy/missing": ("the people who are missing from a figure", "danh sách người còn thiếu"),
    "tramy/exchange": ("imports, exports and subscriptions", "nhập, xuất và đăng ký nhận dữ liệu"),
    "tramy/registry": ("organisations, places and practitioners of others", "danh mục cơ sở, nơi chốn, nhân viên"),
    "tramy/merge": ("merging records of one person, and undoing it", "gộp và hủy gộp hồ sơ một người"),
    "tramy/protected": ("records with a label of special protection", "hồ sơ được bảo vệ đặc biệt"),
    "tramy/break-glass": ("access in an emergency, with a reason", "truy cập khẩn cấp, kèm lý do"),
    "tramy/audit": ("the record of who did what", "nhật ký truy cập"),
    "tramy/admin": ("clients, rights of people, retention", "quản trị máy khách, quyền cá nhân, lưu trữ"),
}
"""Our own scopes, each with what it opens in English and Vietnamese."""
LETTERS = "cruds"
_RECORDS = re.compile(r"(system|user)/(\*|[A-Z][A-Za-z]{1,63})\.(c?r?u?d?s?)(?:\?([!-~]{1,500}))?")
_MOST = 100

Criteria = tuple[tuple[str, str], ...]


class Scope(NamedTuple):
    """A scope for records: whose behalf, the type or `*`, the letters of `cruds`, and the search it is limited to."""

    context: str
    type: str
    letters: str
    criteria: Criteria = ()


@dataclass(frozen=True)
class Grants:
    """What a token grants: scopes for records, and names among OWN."""

    records: tuple[Scope, ...] = ()
    own: frozenset[str] = frozenset()
    text: str = ""

    def allows(self, type_name: str, letter: str) -> bool:
        """Say whether an interaction (a letter of `cruds`) with some records of a type is granted."""
        return letter in self._letters.get(type_name, self._letters.get("*", ""))

    def limits(self, type_name: str, letter: str) -> tuple[Criteria, ...]:
        """Return the searches to which an interaction is limited, of which a record must fulfil one; () for none."""
        found = [item for item in self.records if item.type in ("*", type_name) and letter in item.letters]
        return () if any(not item.criteria for item in found) else tuple(item.criteria for item in found)

    @cached_property
    def limited(self) -> frozenset[str]:
        """The types, among them perhaps `*`, for which some scope has a search restriction."""
        return frozenset(item.type for item in self.records if item.criteria)

    @cached_property
    def _letters(self) -> dict[str, str]:
        every = "".join(item.letters for item in self.records if item.type == "*")
        types = {item.type for item in self.records}
        return {
            name: every + "".join(item.letters for item in self.records if item.type == name and name != "*")
            for name in types
        }


def read_scopes(text: str) -> Grants:
    """Read scopes as a token or a registration has them, separated by spaces.

    Raises BadParameter for one that is not understood: a right is never guessed.
    """
    words = text.split()
    if len(words) > _MOST:
        raise _refused()
    own = frozenset(word for word in words if word in OWN)
    return Grants(tuple(_read(word) for word in words if word not in own), own, " ".join(words))


def known(words: Iterable[str]) -> str:
    """Return those of the scopes that are understood: another system's token may carry scopes of its own."""
    return " ".join(word for word in words if word in OWN or _RECORDS.fullmatch(word))


def _read(word: str) -> Scope:
    form = _RECORDS.fullmatch(word)
    if form is None or not form[3]:
        raise _refused()
    criteria = tuple(parse_qsl(form[4] or "", keep_blank_values=True))
    if form[4] and not criteria:
        raise _refused()
    return Scope(form[1], form[2], form[3], criteria)


def _refused() -> BadParameter:
    own = ", ".join(OWN)
    return BadParameter.of(
        f"Scopes are system/Type.cruds (letters in this order), or of {own}; at most {_MOST}.",
        f"Phạm vi có dạng system/Loại.cruds (chữ theo thứ tự này), hoặc thuộc {own}; tối đa {_MOST}.",
        "scope",
    )
