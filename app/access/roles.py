"""The roles of people, each with its scopes, in one table: what is not in it is not permitted.

Deny by default and a permission matrix that can be handed over: Decree 356/2025/NĐ-CP, article 4; Law 91/2025/QH15.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from app.access.caller import COUNTRY
from app.access.scope import OWN, Grants, Scope, read_scopes


@dataclass(frozen=True)
class Role:
    """A role: its word in the provider's claim, its titles, its scopes, whether people may be seen.

    `country` says whether the place of this role may be the whole country.
    """

    word: str
    title: str
    title_vi: str
    says: str
    says_vi: str
    scopes: str
    people: bool = False
    country: bool = False

    @cached_property
    def grants(self) -> Grants:
        """The scopes, read once."""
        return read_scopes(self.scopes)

    def within(self, places: tuple[str, ...]) -> tuple[str, ...]:
        """Return those of the places that this role may have."""
        return places if self.country else tuple(place for place in places if place != COUNTRY)


_STATION = (
    "user/Patient.crus user/Immunization.crus user/Encounter.crus user/Coverage.crus"
    " user/Organization.rs user/Location.rs user/Practitioner.rs"
    " tramy/indicators tramy/missing tramy/merge tramy/break-glass"
)
_FIGURES = "user/Organization.rs user/Location.rs tramy/indicators"

_ALL = (
    Role(
        "tram",
        "Station staff",
        "Nhân viên trạm y tế",
        "Records of the people of the station's communes and of those it treated; who is still missing.",
        "Hồ sơ của người dân trong địa bàn trạm và người trạm đã khám; danh sách người còn thiếu.",
        _STATION,
        people=True,
    ),
    Role(
        "tram-protected",
        "Station staff for specially protected records",
        "Nhân viên trạm phụ trách hồ sơ được bảo vệ đặc biệt",
        "The same, with the records that carry a label of special protection (HIV and others).",
        "Như trên, kèm hồ sơ có nhãn bảo vệ đặc biệt (HIV và các loại khác).",
        f"{_STATION} tramy/protected",
        people=True,
    ),
    Role(
        "officer",
        "District or province officer",
        "Cán bộ quản lý khu vực, tỉnh",
        "The figures of the officer's places; no person.",
        "Số liệu của địa bàn được giao; không xem được người nào.",
        _FIGURES,
    ),
    Role(
        "ministry",
        "Ministry officer",
        "Cán bộ Bộ Y tế",
        "The figures of every place, if the account names the country; no person.",
        "Số liệu mọi địa bàn, nếu tài khoản ghi cả nước; không xem được người nào.",
        _FIGURES,
        country=True,
    ),
    Role(
        "administrator",
        "Administrator",
        "Quản trị hệ thống",
        "Programs and their keys, rights of people, retention, the lists of organisations; no person's record.",
        "Phần mềm kết nối và khóa, yêu cầu về quyền cá nhân, lưu trữ, danh mục cơ sở; không xem hồ sơ cá nhân.",
        "user/Organization.crus user/Location.crus user/Practitioner.crus tramy/registry tramy/admin",
        country=True,
    ),
    Role(
        "auditor",
        "Auditor",
        "Kiểm soát viên nhật ký",
        "The record of who did what; no person's record.",
        "Nhật ký ai đã làm gì; không xem hồ sơ cá nhân.",
        "user/AuditEvent.rs tramy/audit",
        country=True,
    ),
)
ROLES: Mapping[str, Role] = MappingProxyType({role.word: role for role in _ALL})
"""Every role by its word."""

_LETTERS = {
    "c": ("create", "tạo"),
    "r": ("read", "đọc"),
    "u": ("update", "sửa"),
    "d": ("delete", "xóa"),
    "s": ("search", "tìm"),
}


def chosen(words: tuple[str, ...]) -> Role | None:
    """Return the one role among the words of a claim; None where there is none, or where several would add up."""
    found = {word for word in words if word in ROLES}
    return ROLES[found.pop()] if len(found) == 1 else None


def permissions(grants: Grants) -> list[dict[str, str]]:
    """Return each scope with what it permits in English and Vietnamese, as the matrix and the pages show it."""
    own = [{"scope": name, "en": en, "vi": vi} for name, (en, vi) in OWN.items() if name in grants.own]
    return [*(_told(item) for item in grants.records), *own]


def _told(item: Scope) -> dict[str, str]:
    done = [_LETTERS[letter] for letter in item.letters]
    return {
        "scope": f"{item.context}/{item.type}.{item.letters}",
        "en": f"{item.type}: {', '.join(en for en, _ in done)}",
        "vi": f"{item.type}: {', '.join(vi for _, vi in done)}",
    }


def table() -> Iterator[tuple[str, tuple[str, str], tuple[str, ...]]]:
    """Yield a line for each type of record and each scope of our own: its name, what it opens, a cell for each role.

    A cell holds the letters of `cruds`, "x" for a scope of our own, "" for what is not permitted.
    """
    types = dict.fromkeys(item.type for role in ROLES.values() for item in role.grants.records)
    for name in types:
        yield name, ("records", "hồ sơ"), tuple(_letters(role.grants, name) for role in ROLES.values())
    for name, opens in OWN.items():
        yield name, opens, tuple("x" if name in role.grants.own else "" for role in ROLES.values())


def _letters(grants: Grants, name: str) -> str:
    return "".join(item.letters for item in grants.records if item.type == name)


def matrix() -> list[dict[str, object]]:
    """Return the permission matrix for programs: every role with its titles, scopes and limits."""
    return [
        {
            "role": role.word,
            "title": role.title,
            "title_vi": role.title_vi,
            "people": role.people,
            "country": role.country,
            "permissions": permissions(role.grants),
        }
        for role in ROLES.values()
    ]
