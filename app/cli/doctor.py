"""tramy doctor: what is wrong with the installation, and how to mend it."""

import asyncio

import asyncpg
import typer

from app.access.examined import views
from app.access.rule import WRITER
from app.audit.examined import months, unchangeable
from app.cli.console import out
from app.cli.database import settings
from app.exchange.reindex.due import examined
from app.resources.registry import registry
from app.store.doctor import examine
from app.store.finding import Finding, Text, judged
from app.store.version import applied_on, newest

_MARKS = {True: "[green]ok[/green]   ", False: "[red]wrong[/red]", None: "[yellow]look[/yellow] "}


def doctor() -> None:
    """Examine this machine, the settings and the database; ends with 1 when something must be mended.

    Example: tramy doctor
    """
    findings = asyncio.run(examine(settings(), [schema, columns, seen, audit, months]))
    for finding in findings:
        out.print(f"{_MARKS[finding.ok]} {finding.name}: {finding.says.en} · {finding.says.vi}")
        if finding.mend.en:
            out.print(f"      → {finding.mend.en} · {finding.mend.vi}", markup=False)
    raise typer.Exit(any(finding.ok is False for finding in findings))


async def schema(connection: asyncpg.Connection) -> Finding:
    """Look at the migration that the database is at."""
    at = await applied_on(connection)
    says = Text(f"migration {at or 'none'}, newest {newest()}", f"phiên bản {at or 'trống'}, mới nhất {newest()}")
    return judged("schema", at == newest(), says, Text("run: tramy migrate", "hãy chạy: tramy migrate"))


async def columns(connection: asyncpg.Connection) -> Finding:
    """Look at what the columns of all types were read with."""
    return await examined(connection, registry(), settings().time_zone)


async def seen(connection: asyncpg.Connection) -> Finding:
    """Look for the views through which records are read."""
    every = (table for kind in registry() for table in (kind.tables.name, kind.tables.past.name))
    return await views(connection, list(every))


async def audit(connection: asyncpg.Connection) -> Finding:
    """Look at what the service may do to the audit."""
    return await unchangeable(connection, WRITER)
