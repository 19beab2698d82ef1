"""The past versions of a type, read anew batch by batch.

No writer changes a past row, so none is waited for: a batch takes the locks of its own rows only.
"""

from collections.abc import AsyncIterator

from app.exchange.reindex.reading import changed, columns_of, read
from app.exchange.reindex.work import Done, Work
from app.exchange.reindex.writing import write
from app.fhir.resource_type import ResourceType


async def past(work: Work, kind: ResourceType) -> AsyncIterator[Done]:
    """Yield how many rows of each batch were read and changed, after it is committed."""
    last = ("", 0)
    table = kind.tables.past.name
    listed = "".join(f', "{name}"' for name in columns_of(kind))
    query = (
        f"select id, version, updated_at, body{listed} from {table}"
        f" where (id, version) > ($1, $2) order by id, version limit {work.batch}"
    )
    while rows := await work.connection.fetch(query, *last):
        last = (rows[-1]["id"], rows[-1]["version"])
        found = ((row, read(kind, row["body"], row["updated_at"], work.zone)) for row in rows)
        stale = [(row["id"], row["version"], columns) for row, columns in found if changed(dict(row), columns)]
        if stale and not work.dry:
            async with work.connection.transaction():
                await write(work.connection, kind, table, stale)
        yield Done(len(rows), len(stale))
