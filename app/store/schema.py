"""The schema of the database: bringing it to the newest migration, comparing it with the models, making a new one."""

from collections.abc import Callable, Sequence
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import MetaData
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.store.version import MIGRATIONS, applied, history


def config() -> Config:
    """Return Alembic's configuration for this project."""
    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    made.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return made


async def upgrade(url: str, forget: Sequence[str] = (), rule: Sequence[str] = ()) -> list[str]:
    """Bring the database to the newest migration and return those that were run.

    `rule` is what is made from the models after that, `forget` removes it before, all in one transaction.
    """
    before = await applied(url)

    def run(connection: Connection) -> None:
        made = config()
        made.attributes["connection"] = connection
        for statement in forget:
            connection.exec_driver_sql(statement)
        command.upgrade(made, "head")
        for statement in rule:
            connection.exec_driver_sql(statement)

    await on(url, run)
    return [item for item in history() if before is None or item > before]


async def differences(url: str, metadata: MetaData) -> list[Any]:
    """Return where the database differs from the models; nothing when they are equal."""

    def compare(connection: Connection) -> list[Any]:
        opts = {"compare_type": True, "include_name": whole_tables(connection)}
        context = MigrationContext.configure(connection, opts=opts)
        return list(compare_metadata(context, metadata))

    return await on(url, compare)


def whole_tables(connection: Connection) -> Callable[..., bool]:
    """Return what Alembic asks which tables to compare: not partitions, which are made while the service runs."""
    rows = connection.exec_driver_sql("select relname from pg_class where relispartition and relkind = 'r'")
    parts = {row[0] for row in rows}

    def included(name: str | None, kind: str, _above: Any) -> bool:
        return kind != "table" or name not in parts

    return included


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
