"""`python -m migrations.check`: an empty database brought to the newest migration equals the models, or this ends with 1."""

import asyncio
import sys
import tempfile
from pathlib import Path

from sqlmodel import SQLModel

import app.audit.table
import app.access.assertions
import app.access.clients
import app.access.tokens
import app.access.session
import app.access.sign_in
import app.access.rights.consent
import app.access.rights.emergency
import app.access.rights.notice
import app.access.rights.request
import app.access.rights.restriction
import app.indicators.erased
import app.indicators.tables
import app.store.claim
import app.store.job
import app.store.moment
import app.store.reach
from app.resources.registry import registry
from app.store.binaries import find
from app.store.launcher import EmbeddedPostgres
from app.store.schema import differences, upgrade


async def compare(url: str) -> list:
    await upgrade(url)
    return await differences(url, SQLModel.metadata)


def main() -> int:
    registry()
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "data", find()) as server:
        found = asyncio.run(compare(server.url))
    for difference in found:
        print("migrations and models differ:", difference)
    print("migrations equal the models" if not found else 'run: make migration title="..."')
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
