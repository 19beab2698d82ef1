"""What the service is compared with: Starlette and asyncpg doing the least that could be called the same work.

The collector of cyclic garbage is calmed and uvicorn is set as in the service, so that only the work differs.
"""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import format_datetime

from asyncpg import Pool
from fhir.resources.R4B.patient import Patient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from uuid_utils import uuid7

from app.exchange.opening import calm_collector
from app.store.pool import open_pool

TABLE = "bare_patient"
CREATE_TABLE = f'create table if not exists {TABLE} (id text collate "C" primary key, body text not null)'
_READ = "select version, updated_at, body from patient where id = $1"
_INSERT = f"insert into {TABLE} (id, body) values ($1, $2)"
_FHIR_JSON = "application/fhir+json; charset=utf-8"


def application() -> Starlette:
    """Return the application on the database that TRAMY_DATABASE_URL names."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with await open_pool(os.environ["TRAMY_DATABASE_URL"], size=10, statement_timeout=30) as pool:
            app.state.pool = pool
            calm_collector()
            yield

    routes = [
        Route("/", _up),
        Route("/Patient/{id}", _read),
        Route("/Patient", _create, methods=["POST"]),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


async def _up(_request: Request) -> Response:
    return Response()


async def _read(request: Request) -> Response:
    """Send a stored body with the headers that the service sends."""
    pool: Pool = request.app.state.pool
    row = await pool.fetchrow(_READ, request.path_params["id"])
    if row is None:
        return Response(status_code=404)
    response = Response(row["body"].encode(), media_type=_FHIR_JSON)
    response.headers["etag"] = f'W/"{row["version"]}"'
    response.headers["last-modified"] = format_datetime(row["updated_at"], usegmt=True)
    return response


async def _create(request: Request) -> Response:
    """Check with fhir.resources and insert; the statement commits by itself before the answer."""
    pool: Pool = request.app.state.pool
    raw = await request.body()
    Patient.model_validate(json.loads(raw))
    await pool.execute(_INSERT, str(uuid7()), raw.decode())
    return Response(raw, status_code=201, media_type=_FHIR_JSON)
