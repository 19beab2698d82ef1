"""The schema of the database: which migration it is at, bringing it to the newest, making a new one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.errors import Misconfigured

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def config() -> Config:
    """Return Alembic's configuration for this project."""
    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    made.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return made


async def upgrade(url: str) -> list[str]:
    """Bring the database to the newest migration and return those that were run."""
    before = await applied(url)

    def run(connection: Connection) -> None:
        made = config()
        made.attributes["connection"] = connection
        command.upgrade(made, "head")

    await on(url, run)
    return [item for item in _history() if before is None or item > before]


async def applied(url: str) -> str | None:
    """Return the migration the database is at, None for an empty one."""
    return await on(url, lambda connection: MigrationContext.configure(connection).get_current_revision())


async def require_newest(url: str) -> None:
    """Raise Misconfigured, saying what to run, when the schema is behind or ahead of this program."""
    at, newest = await applied(url), _history()[-1]
    if at == newest:
        return
    if at is not None and at not in _history():
        raise Misconfigured.of(
            f"The database is at migration {at}, newer than this program ({newest}); install the newer program.",
            f"Cơ sở dữ liệu ở phiên bản {at}, mới hơn chương trình ({newest}); hãy cài chương trình mới hơn.",
        )
    raise Misconfigured.of(
        f"The database is at migration {at or 'none'}, behind {newest}; run: tramy migrate",
        f"Cơ sở dữ liệu ở phiên bản {at or 'trống'}, cũ hơn {newest}; hãy chạy: tramy migrate",
    )


async def differences(url: str, metadata: MetaData) -> list[Any]:
    """Return where the database differs from the models; nothing when they are equal."""

    def compare(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    return await on(url, compare)


async def write_migration(url: str, title: str) -> None:
    """Write the migration from the newest schema to the models into migrations/versions."""

    def run(connection: Connection) -> None:
        made = config()
        made.attributes["connection"] = connection
        command.revision(made, message=title, autogenerate=True)

    await on(url, run)


async def on(url: str, work: Callable[[Connection], Any]) -> Any:
    """Run `work` with a SQLAlchemy connection to the database and commit."""
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


def _history() -> list[str]:
    script = ScriptDirectory.from_config(config())
    return [item.revision for item in reversed(list(script.walk_revisions()))]


def newest() -> str:
    """Return the newest migration."""
    return _history()[-1]
