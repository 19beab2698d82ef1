"""Health checks: whether the process is up, and whether it can answer. https://docs.docker.com/reference/dockerfile/#healthcheck"""

import asyncio
from datetime import datetime, timedelta
from typing import Literal

from asyncpg import InterfaceError, InternalClientError, Pool, PostgresError
from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from app.audit.sealing import Pending, pending
from app.fhir.service import Service
from app.store.pool import lend
from app.store.version import applied_on, newest

SECONDS = 1.0
"""How long the database may take to answer."""
SEALED = timedelta(seconds=60)
"""How old a row of the audit may be that no seal covers."""
PREFIX = "/health"
router = APIRouter(prefix=PREFIX, tags=["Health · Tình trạng"])
_HEADERS = {"Cache-Control": "no-store"}


class Hindrance(BaseModel):
    """Why the service cannot answer: a code for programs, and both texts."""

    code: Literal["database", "schema", "starting", "audit"]
    en: str
    vi: str


class Alive(BaseModel):
    """The process is up."""

    status: Literal["ok"] = "ok"


class Ready(Alive):
    """The service can answer; how many rows of the audit are not sealed yet."""

    unsealed: int


class Unready(BaseModel):
    """The service cannot answer now, and why."""

    status: Literal["unavailable"] = "unavailable"
    reasons: list[Hindrance]


@router.head("/live", include_in_schema=False)
@router.get(
    "/live",
    operation_id="live",
    summary="The process is up · Tiến trình đang chạy",
    response_model=Alive,
    response_description="It is up; the database is not asked.",
)
async def live() -> Response:
    """Answer while the process runs, whatever the database does."""
    return JSONResponse({"status": "ok"}, headers=_HEADERS)


@router.head("/ready", include_in_schema=False)
@router.get(
    "/ready",
    operation_id="ready",
    summary="The service can answer · Sẵn sàng phục vụ",
    response_model=Ready,
    response_description="The database answers and has the newest schema, and the audit is being sealed.",
    responses={
        503: {
            "model": Unready,
            "description": "The database does not answer within 1 s or must be migrated, or the audit is not sealed.",
        }
    },
)
async def ready(request: Request) -> Response:
    """Ask the database, for at most a second, and compare its schema with this program's."""
    service: Service | None = getattr(request.app.state, "service", None)
    found = _STARTING if service is None else await _asked(service.plain, service.clock())
    if isinstance(found, int):
        return JSONResponse({"status": "ok", "unsealed": found}, headers=_HEADERS)
    content = Unready(reasons=[found]).model_dump()
    return JSONResponse(content, 503, headers={**_HEADERS, "Retry-After": "1"})


async def _asked(pool: Pool, now: datetime) -> int | Hindrance:
    """Return how many rows of the audit are not sealed, or why nothing can be answered."""
    question = asyncio.create_task(_found(pool))
    # Not a timeout around the question: to cancel it waits for the database too, and that may be what is away.
    await asyncio.wait({question}, timeout=SECONDS)
    if not question.done():
        question.add_done_callback(lambda task: task.cancelled() or task.exception())
        question.cancel()
        return _AWAY
    try:
        found = question.result()
    except (OSError, TimeoutError, PostgresError, InterfaceError, InternalClientError):
        return _AWAY
    if found is None:
        return _OTHER
    return _UNSEALED if found.since is not None and now - found.since > SEALED else found.rows


async def _found(pool: Pool) -> Pending | None:
    """Return what is not sealed yet, None in a database of another schema."""
    async with lend(pool) as connection:
        return await pending(connection) if await applied_on(connection) == newest() else None


_STARTING = Hindrance(code="starting", en="The service is starting.", vi="Hệ thống đang khởi động.")
_AWAY = Hindrance(
    code="database",
    en="The database does not answer within 1 s.",
    vi="Cơ sở dữ liệu không trả lời trong vòng 1 giây.",
)
_OTHER = Hindrance(
    code="schema",
    en="The schema of the database is not this program's; run: tramy migrate",
    vi="Cấu trúc cơ sở dữ liệu không khớp với chương trình; hãy chạy: tramy migrate",
)
_UNSEALED = Hindrance(
    code="audit",
    en="Rows of the audit have waited for their seal for more than 60 s; see the log of the service.",
    vi="Nhật ký truy cập chưa được niêm phong quá 60 giây; hãy xem nhật ký của dịch vụ.",
)
