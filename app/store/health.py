"""What is asked of a database that answers: its version, encoding, durability and time zones.

https://www.postgresql.org/docs/current/runtime-config-wal.html
"""

from collections.abc import Awaitable, Callable, Iterable

import asyncpg

from app.store.binaries import OLDEST
from app.store.finding import Finding, Text, judged

Check = Callable[[asyncpg.Connection], Awaitable[Finding]]
"""One more thing to ask of the database, for `examine`."""

DURABLE = ("fsync", "full_page_writes", "synchronous_commit")
SECONDS = 5


async def consult(url: str, time_zone: str, checks: Iterable[Check]) -> list[Finding]:
    """Connect and ask everything. Nothing of the address is repeated, since it may hold a password."""
    try:
        connection = await asyncpg.connect(url, timeout=SECONDS, command_timeout=SECONDS)
    except (OSError, ValueError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as refused:
        return [Finding("database", False, unreachable(refused), ADDRESS)]
    try:
        return [await asked(check, connection) for check in (version, encoding, durability, zone(time_zone), *checks)]
    finally:
        await connection.close(timeout=SECONDS)


ADDRESS = Text(
    "check TRAMY_DATABASE_URL, that PostgreSQL runs, and that it lets this machine in",
    "kiểm tra TRAMY_DATABASE_URL, PostgreSQL có đang chạy và có cho máy này kết nối không",
)


def unreachable(refused: Exception) -> Text:
    """Say why no connection came about, without the words of the server or the driver."""
    if isinstance(refused, asyncpg.InvalidAuthorizationSpecificationError):
        return Text("the database refuses this user or password", "cơ sở dữ liệu từ chối người dùng hoặc mật khẩu này")
    if isinstance(refused, asyncpg.InvalidCatalogNameError):
        return Text("there is no database of this name", "không có cơ sở dữ liệu mang tên này")
    if isinstance(refused, asyncpg.PostgresError):
        code = getattr(refused, "sqlstate", "")
        return Text(f"the database refuses: {code}", f"cơ sở dữ liệu từ chối: {code}")
    if isinstance(refused, ValueError | asyncpg.InterfaceError):
        return Text("the address of the database is not understood", "không hiểu địa chỉ cơ sở dữ liệu")
    return Text("no database answers at the address", "không có cơ sở dữ liệu nào trả lời ở địa chỉ này")


async def asked(check: Check, connection: asyncpg.Connection) -> Finding:
    """Do one check; one that fails is a finding too and does not keep the others from being done."""
    try:
        return await check(connection)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as failed:
        code = getattr(failed, "sqlstate", None) or type(failed).__name__
        name = getattr(check, "__name__", "check")
        return Finding(name, False, Text(f"could not be checked: {code}", f"không kiểm tra được: {code}"))


async def version(connection: asyncpg.Connection) -> Finding:
    """Ask for the version of the server."""
    shown = await connection.fetchval("SHOW server_version")
    new_enough = connection.get_server_version().major >= OLDEST
    mend = Text(f"PostgreSQL {OLDEST} or newer is needed", f"cần PostgreSQL {OLDEST} trở lên")
    return judged("database", new_enough, Text(f"PostgreSQL {shown} answers", f"PostgreSQL {shown} trả lời"), mend)


async def encoding(connection: asyncpg.Connection) -> Finding:
    """Ask in which encoding the database keeps text."""
    shown = await connection.fetchval("SHOW server_encoding")
    says = Text(f"text is kept as {shown}", f"văn bản lưu ở bảng mã {shown}")
    mend = Text(
        "create the database again with ENCODING 'UTF8'; Vietnamese names do not fit in another",
        "tạo lại cơ sở dữ liệu với ENCODING 'UTF8'; bảng mã khác không chứa được tên tiếng Việt",
    )
    return judged("encoding", shown == "UTF8", says, mend)


async def durability(connection: asyncpg.Connection) -> Finding:
    """Ask for the settings without which an acknowledged write can be lost in a crash."""
    rows = await connection.fetch("SELECT name, setting FROM pg_settings WHERE name = ANY($1)", list(DURABLE))
    off = sorted(row["name"] for row in rows if row["setting"] == "off")
    if not off:
        says = Text("acknowledged writes survive a crash", "dữ liệu đã nhận không mất khi có sự cố")
        return Finding("durability", True, says)
    names = ", ".join(off)
    return Finding(
        "durability",
        False,
        Text(f"off: {names}; a crash loses or tears records", f"đang tắt: {names}; sự cố sẽ làm mất hoặc hỏng hồ sơ"),
        Text(f"turn on {names} in postgresql.conf and reload", f"bật {names} trong postgresql.conf rồi nạp lại"),
    )


def zone(name: str) -> Check:
    """Return the check that the database knows the time zone by which days are cut."""

    async def time_zone(connection: asyncpg.Connection) -> Finding:
        try:
            await connection.fetchval("SELECT now() AT TIME ZONE $1", name)
        except asyncpg.InvalidParameterValueError:
            says = Text(f"the database does not know {name}", f"cơ sở dữ liệu không biết múi giờ {name}")
            return Finding("time zone", False, says, Text("install tzdata for PostgreSQL", "cài tzdata cho PostgreSQL"))
        return Finding("time zone", True, Text(f"days are days in {name}", f"ngày tính theo {name}"))

    return time_zone
