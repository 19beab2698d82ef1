"""What `tramy doctor` asks of the rule of what is seen: that its views are there (docs/decisions/0020)."""

from collections.abc import Iterable

import asyncpg

from app.access.rule import WAYS
from app.store.finding import Finding, Text, judged


async def views(connection: asyncpg.Connection, tables: Iterable[str]) -> Finding:
    """Look for the view of each table in the schema of each way of seeing."""
    wanted = [f"{way.schema}.{table}" for way in WAYS for table in tables]
    missing = await connection.fetchval(
        "select count(*) from unnest($1::text[]) w(name) where to_regclass(w.name) is null", wanted
    )
    says = Text(
        f"{missing} of {len(wanted)} views are missing" if missing else f"all {len(wanted)} views are there",
        f"thiếu {missing} trong {len(wanted)} khung nhìn" if missing else f"đủ {len(wanted)} khung nhìn",
    )
    return judged("views", not missing, says, Text("run: tramy migrate", "hãy chạy: tramy migrate"))
