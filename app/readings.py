"""How the text of a setting becomes a value: sizes, times, addresses, folders (units as in IEC 80000-13 and the SI)."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

T = TypeVar("T")

BYTES = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
SIZES = {unit: Decimal(factor) for unit, factor in BYTES.items()}
SECONDS = {"": Decimal(1), "MS": Decimal("0.001"), "S": Decimal(1), "MIN": Decimal(60), "H": Decimal(3600)}
QUANTITY = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?) ?([A-Za-z]*)")


class Reading(NamedTuple, Generic[T]):
    """Text to value; `read` raises ValueError, and `en` and `vi` say what was expected, never what was given."""

    read: Callable[[str], T]
    en: str
    vi: str


def whole(low: int, high: int) -> Reading[int]:
    """A whole number from `low` to `high`."""

    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,15}", text) or not low <= int(text) <= high:
            raise ValueError
        return int(text)

    return Reading(read, f"a whole number from {low} to {high}", f"số nguyên từ {low} đến {high}")


def size(low: str, high: str) -> Reading[int]:
    """A size from `low` to `high`, as bytes: 64MiB, 500kB or a plain number."""

    def read(text: str) -> int:
        amount = quantity(text, SIZES)
        if amount != int(amount) or not quantity(low, SIZES) <= amount <= quantity(high, SIZES):
            raise ValueError
        return int(amount)

    return Reading(
        read,
        f"a size from {low} to {high}, written like 64MiB, 500kB or 65536",
        f"kích thước từ {low} đến {high}, viết như 64MiB, 500kB hoặc 65536",
    )


def duration(low: str, high: str) -> Reading[float]:
    """A time from `low` to `high`, as seconds: 30, 30s, 500ms or 2min."""

    def read(text: str) -> float:
        amount = quantity(text, SECONDS)
        if not quantity(low, SECONDS) <= amount <= quantity(high, SECONDS):
            raise ValueError
        return float(amount)

    return Reading(
        read,
        f"a time from {low} to {high}, written like 500ms, 30s or 2min",
        f"khoảng thời gian từ {low} đến {high}, viết như 500ms, 30s hoặc 2min",
    )


def quantity(text: str, units: Mapping[str, Decimal]) -> Decimal:
    """A number and its unit, in the base unit; the case of the unit does not matter. Raises ValueError."""
    found = QUANTITY.fullmatch(text)
    if found is None or found[2].upper() not in units:
        raise ValueError
    return Decimal(found[1]) * units[found[2].upper()]


def choice(*words: str) -> Reading[str]:
    """One of these words, in whatever case."""

    def read(text: str) -> str:
        if text.lower() not in words:
            raise ValueError
        return text.lower()

    return Reading(read, "one of " + ", ".join(words), "một trong: " + ", ".join(words))


def folder() -> Reading[Path]:
    """A folder, made absolute; a leading `~` is a home folder. It need not exist yet."""

    def read(text: str) -> Path:
        return Path(text).expanduser().absolute()

    return Reading(read, "the path of a folder", "đường dẫn của một thư mục")


def time_zone() -> Reading[ZoneInfo]:
    """A time zone of the IANA database."""

    def read(text: str) -> ZoneInfo:
        try:
            return ZoneInfo(text)
        except (KeyError, OSError) as unknown:
            raise ValueError from unknown

    return Reading(read, "a time zone such as Asia/Ho_Chi_Minh", "múi giờ, ví dụ Asia/Ho_Chi_Minh")


def web_address() -> Reading[str]:
    """An http(s) address without user, query, fragment or slash at the end."""

    def read(text: str) -> str:
        parts = urlsplit(text)
        plain = re.fullmatch(r"[!-~]+", text) and not re.search(r"[?#@\\<>\"]|/$", text)
        if not plain or parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            raise ValueError
        return text

    return Reading(
        read,
        "an address such as https://ho-so.example/fhir, without a slash at the end",
        "địa chỉ như https://ho-so.example/fhir, không có dấu gạch chéo ở cuối",
    )


def database_address() -> Reading[str]:
    """An address of PostgreSQL as libpq and asyncpg take it."""

    def read(text: str) -> str:
        parts = urlsplit(text)
        rest = text.partition("://")[2]
        if parts.scheme not in ("postgresql", "postgres") or not rest or re.search(r"\s", text) or parts.port == 0:
            raise ValueError
        return text

    return Reading(
        read,
        "postgresql://user:password@host:port/database (a sign such as @ or / in the password is percent-encoded)",
        "postgresql://người-dùng:mật-khẩu@máy-chủ:cổng/cơ-sở-dữ-liệu (ký tự như @ hoặc / trong mật khẩu viết dạng %)",
    )
