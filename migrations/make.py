"""`python -m migrations.make "Add observations"`: write the migration from the newest schema to the models."""

import asyncio
import sys
import tempfile
from pathlib import Path

from app.store.binaries import find
from app.store.launcher import EmbeddedPostgres
from app.store.schema import upgrade, write_migration


async def make(url: str, title: str) -> None:
    await upgrade(url)
    await write_migration(url, title)


def main() -> None:
    if len(sys.argv) != 2 or not sys.argv[1].strip():
        sys.exit('Say what it does: make migration title="Add observations"')
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "data", find()) as server:
        asyncio.run(make(server.url, sys.argv[1].strip()))


if __name__ == "__main__":
    main()
