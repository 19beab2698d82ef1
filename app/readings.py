"""How the text of a setting becomes a value: sizes, times, addresses, folders (units as in IEC 80000-13 and the SI)."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

HOST = re.compile(r"(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")

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


def hosts() -> Reading[tuple[str, ...]]:
    """Names of hosts with commas between them, each perhaps with a port."""

    def read(text: str) -> tuple[str, ...]:
        listed = tuple(part.strip().lower() for part in text.split(","))
        if not all(HOST.fullmatch(one) for one in listed):
            raise ValueError
        return listed

    return Reading(
        read,
        "hosts such as keys.example or keys.example:8443, with commas between them",
        "tên máy chủ như keys.example hoặc keys.example:8443, cách nhau bằng dấu phẩy",
    )


def issuer() -> Reading[str]:
    """The address by which a provider of OpenID Connect names itself, exactly as it does."""

    def read(text: str) -> str:
        web_address().read(text.removesuffix("/"))
        return text

    return Reading(read, "an address exactly as the provider names itself", "địa chỉ đúng như nhà cung cấp tự công bố")


def word() -> Reading[str]:
    """A text without blanks."""

    def read(text: str) -> str:
        if not re.fullmatch(r"[!-~]{1,200}", text):
            raise ValueError
        return text

    return Reading(read, "up to 200 ASCII characters without blanks", "tối đa 200 ký tự ASCII, không dấu cách")


def file() -> Reading[Path]:
    """A file, made absolute; a leading `~` is a home folder."""
    return Reading(folder().read, "the path of a file", "đường dẫn của một tệp")


def _visible(text: str) -> str:
    if not re.fullmatch(r"[!-~]{1,200}", text):
        raise ValueError
    return text


def words() -> Reading[str]:
    """Scopes of OpenID Connect, among them `openid`, separated by spaces."""

    def read(text: str) -> str:
        found = text.split()
        if "openid" not in found or len(text) > 500:
            raise ValueError
        return " ".join(_visible(item) for item in found)

    return Reading(
        read, "words separated by spaces, among them openid", "các từ cách nhau bởi dấu cách, trong đó có openid"
    )


def host_names() -> Reading[tuple[str, ...]]:
    """Names of hosts without port or path, separated by commas or spaces."""

    def read(text: str) -> tuple[str, ...]:
        found = tuple(item.lower() for item in re.split(r"[\s,]+", text) if item)
        if not all(re.fullmatch(r"[a-z0-9_:.-]{1,253}", item) for item in found):
            raise ValueError
        return found

    return Reading(
        read,
        "names of hosts separated by commas, such as sso.example, without port or path",
        "tên máy chủ cách nhau bởi dấu phẩy, ví dụ sso.example, không kèm cổng hay đường dẫn",
    )


def issuer_address() -> Reading[str]:
    """The issuer of a provider, exactly as the provider names itself: some end with a slash."""

    def read(text: str) -> str:
        web_address().read(text.removesuffix("/"))
        return text

    return Reading(
        read,
        "an address such as https://sso.example/realms/tramy, exactly as the provider names itself",
        "địa chỉ như https://sso.example/realms/tramy, đúng như hệ thống đăng nhập tự nêu",
    )


def networks() -> Reading[tuple[IPv4Network | IPv6Network, ...]]:
    """Addresses and networks; one that holds every address is none, as it would trust everybody."""

    def read(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
        found = tuple(ip_network(word) for word in listed(text))
        if any(item.prefixlen == 0 or "%" in str(item) for item in found):
            raise ValueError
        return found

    return Reading(
        read,
        "addresses and networks such as 10.0.0.5, 192.168.1.0/24",
        "các địa chỉ và mạng như 10.0.0.5, 192.168.1.0/24",
    )


def origins() -> Reading[tuple[str, ...]]:
    """Origins as browsers name them: scheme, host and port, nothing after; never all of them."""

    def read(text: str) -> tuple[str, ...]:
        found = tuple(listed(text))
        for word in found:
            parts = urlsplit(word)
            bare = re.fullmatch(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", word)
            if not bare or not parts.hostname or parts.port == 0:
                raise ValueError
        return found

    return Reading(
        read,
        "origins such as https://so-lieu.example, without a path, in small letters",
        "các nguồn như https://so-lieu.example, không kèm đường dẫn, viết thường",
    )


def listed(text: str) -> list[str]:
    """The words of a list, separated by commas or spaces."""
    return text.replace(",", " ").split()


def anchor_address() -> Reading[str]:
    """Where heads of the audit are kept: a file, syslog, or an https address."""

    def read(text: str) -> str:
        if re.fullmatch(r"syslog:([A-Za-z0-9.-]+(:[0-9]{1,5})?)?", text):
            return text
        if "://" in text:
            parts = urlsplit(text)
            if not re.fullmatch(r"[!-~]+", text) or parts.scheme != "https" or not parts.hostname or parts.username:
                raise ValueError
            return text
        return str(Path(text).expanduser().absolute())

    return Reading(
        read,
        "the path of a file, syslog:, syslog:host:port, or an https address",
        "đường dẫn tệp, syslog:, syslog:máy-chủ:cổng, hoặc địa chỉ https",
    )
