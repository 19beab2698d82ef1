"""The databases of a run: one embedded server, the country's people, and databases that are empty."""

import json
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from app.errors import Misconfigured
from app.exchange.load.settle import settle
from app.exchange.schema import upgrade
from app.indicators.keeping import fill
from app.indicators.registry import indicators
from app.store.binaries import find
from app.store.launcher import EmbeddedPostgres
from app.store.moment import open_epoch
from app.store.version import newest
from bench.million import build

_MARK = "bench.json"
_DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


@dataclass(frozen=True)
class Databases:
    """One running server on a folder; the people of the country are in the database that `tramy serve` opens there."""

    folder: Path
    url: str

    @property
    def pid(self) -> int:
        """The process id of the server."""
        return int((self.folder / "postgres/postmaster.pid").read_text("ascii").split("\n", 1)[0])

    def named(self, name: str) -> str:
        """Return the address of another database of the server."""
        head, _, query = self.url.partition("?")
        return f"{head.rpartition('/')[0]}/{name}?{query}"

    @asynccontextmanager
    async def new(self, name: str) -> AsyncIterator[str]:
        """Make an empty database as `tramy migrate` leaves it, yield its address, and drop it after."""
        await self._run(f"drop database if exists {name}", f"create database {name}")
        try:
            await migrate(self.named(name))
            yield self.named(name)
        finally:
            await self._run(f"drop database {name} with (force)")

    async def people(self, number: int, say: Callable[[str], None]) -> None:
        """See that the first database holds so many people.

        Raises Misconfigured when it holds others, which are never removed.
        """
        mark, wanted = self.folder / _MARK, {"people": number, "schema": newest()}
        found = json.loads(mark.read_text("utf-8")) if mark.exists() else None
        if found == {**wanted, "whole": True}:
            # An indicator may be defined anew since they were made.
            if await migrate(self.url):
                await settle(self.url)
            return
        if found != {**wanted, "whole": False} and await self._used():
            raise Misconfigured.of(
                "the folder holds other people or another schema; choose another folder",
                "thư mục chứa dữ liệu khác; hãy chọn thư mục khác",
                "--keep",
            )
        say(f"making {number:,} people")
        # What a run that was stopped has left is made anew.
        mark.write_text(json.dumps({**wanted, "whole": False}), "utf-8")
        await self._run("drop schema public cascade", "create schema public")
        await upgrade(self.url)
        await build(self.url, number)
        mark.write_text(json.dumps({**wanted, "whole": True}), "utf-8")

    async def _used(self) -> bool:
        """Return whether the first database has any table."""
        connection = await asyncpg.connect(self.url)
        try:
            return await connection.fetchval("select exists (select from pg_tables where schemaname = 'public')")
        finally:
            await connection.close()

    async def _run(self, *statements: str) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def facts(self) -> Mapping[str, Any]:
        """Return the version of the server and the settings that make it durable."""
        connection = await asyncpg.connect(self.url)
        try:
            rows = await connection.fetch(
                "select name, setting from pg_settings where name = any($1::text[])", list(_DURABLE)
            )
            version = await connection.fetchval("show server_version")
            return {"postgres": version, "durable": {row["name"]: row["setting"] for row in rows}}
        finally:
            await connection.close()


async def migrate(url: str) -> list[str]:
    """Bring a database to the newest schema and fill what is new, as `tramy migrate` does; return what was filled."""
    await upgrade(url)
    connection = await asyncpg.connect(url, command_timeout=None)
    try:
        return await fill(connection, indicators(), await open_epoch(connection))
    finally:
        await connection.close()


@contextmanager
def folder(kept: Path | None) -> Iterator[Path]:
    """Yield the folder of the data: the one that is kept, or one that is removed after."""
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="tramy-bench-", ignore_cleanup_errors=True) as made:
        yield Path(made)


@contextmanager
def running(data: Path) -> Iterator[Databases]:
    """Run the embedded server on a folder, with its own settings and no others."""
    with EmbeddedPostgres(data, find()) as server:
        yield Databases(data, server.url)
