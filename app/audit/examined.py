"""What `tramy doctor` asks of the audit: that nobody who serves can change it, and that the next months are there."""

import asyncpg

from app.store.finding import Finding, Text, judged

_CHANGEABLE = """
select count(*) from (
    select oid from pg_class where relname = any($1::text[]) and relnamespace = 'public'::regnamespace
    union all select inhrelid from pg_inherits where inhparent = 'public.audit'::regclass
) t(name) where has_table_privilege($2, t.name, 'update, delete, truncate')
"""
_MONTHS = """
select count(*) from generate_series(0, 1) m where to_regclass(
    'public.audit_' || to_char(date_trunc('month', now() at time zone 'UTC') + make_interval(months => m), 'YYYY_MM')
) is null
"""


async def unchangeable(connection: asyncpg.Connection, role: str) -> Finding:
    """Look at whether the role of the service may change rows of the audit."""
    tables = ["audit", "audit_seal", "audit_retired"]
    wrong = await connection.fetchval(_CHANGEABLE, tables, role)
    says = Text(
        f"{role} may change {wrong} of its tables" if wrong else f"{role} can only add to it",
        f"{role} sửa được {wrong} bảng nhật ký" if wrong else f"{role} chỉ thêm được vào nhật ký",
    )
    mend = Text(
        "revoke update, delete and truncate on them from the role",
        "thu hồi quyền update, delete, truncate trên các bảng đó",
    )
    return judged("audit", not wrong, says, mend)


async def months(connection: asyncpg.Connection) -> Finding:
    """Look for the tables of this month and the next."""
    missing = await connection.fetchval(_MONTHS)
    says = Text(
        f"{missing} of the next months have no table" if missing else "this month and the next have tables",
        f"{missing} tháng tới chưa có bảng" if missing else "tháng này và tháng sau đã có bảng",
    )
    mend = Text("start the service: it makes them once a day", "khởi động dịch vụ: mỗi ngày dịch vụ tạo một lần")
    return judged("audit months", not missing, says, mend)
