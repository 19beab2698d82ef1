"""`python -m migrations.make "Add observations"`: write the migration from the newest schema to the models."""

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

from app.store.binaries import find
from app.store.launcher import EmbeddedPostgres
from app.store.schema import upgrade, write_migration
from app.store.version import MIGRATIONS


async def make(url: str, title: str) -> None:
    await upgrade(url)
    await write_migration(url, title)


def main() -> None:
    if len(sys.argv) != 2 or not sys.argv[1].strip():
        sys.exit('Say what it does: make migration title="Add observations"')
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "data", find()) as server:
        asyncio.run(make(server.url, sys.argv[1].strip()))
    tidy(max((MIGRATIONS / "versions").glob("[0-9]*_*.py")))


def tidy(path: Path) -> None:
    """Take out what Alembic says of itself, and put the lines in order."""
    kept = [line for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if "# ###" not in line]
    path.write_text("".join(kept), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", "--no-cache", str(path)], check=True)
    print(f"Read it, and change what is not meant: {path.relative_to(MIGRATIONS.parent)}")


if __name__ == "__main__":
    main()
