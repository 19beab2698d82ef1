"""Health checks: whether the process is up, and whether it can answer. https://docs.docker.com/reference/dockerfile/#healthcheck"""

import asyncio
from typing import Literal

from asyncpg import InterfaceError, Pool, PostgresError
from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from app.store.pool import lend
from app.store.version import applied_on, newest

SECONDS = 1.0
"""How long the database may take to answer."""
PREFIX = "/health"
router = APIRouter(prefix=PREFIX, tags=["Health · Tình trạng"])
_HEADERS = {"Cache-Control": "no-store"}


class Hindrance(BaseModel):
    """Why the service cannot answer: a code for programs, and both texts."""

    code: Literal["database", "schema", "starting"]
    en: str
    vi: str


class Alive(BaseModel):
    """The process is up."""

    status: Literal["ok"] = "ok"


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
    response_model=Alive,
    response_description="The database answers and has the newest schema.",
    responses={503: {"model": Unready, "description": "The database does not answer within 1 s, or must be migrated."}},
)
async def ready(request: Request) -> Response:
    """Ask the database, for at most a second, and compare its schema with this program's."""
    service = getattr(request.app.state, "service", None)
    reason = _STARTING if service is None else await _asked(service.pool)
    if reason is None:
        return JSONResponse({"status": "ok"}, headers=_HEADERS)
    content = Unready(reasons=[reason]).model_dump()
    return JSONResponse(content, 503, headers={**_HEADERS, "Retry-After": "1"})


async def _asked(pool: Pool) -> Hindrance | None:
    """Return why the database cannot be worked with, None when it can."""
    question = asyncio.create_task(_version(pool))
    # Not a timeout around the question: to cancel it waits for the database too, and that may be what is away.
    await asyncio.wait({question}, timeout=SECONDS)
    if not question.done():
        question.add_done_callback(lambda task: task.cancelled() or task.exception())
        question.cancel()
        return _AWAY
    try:
        return None if question.result() == newest() else _OTHER
    except (OSError, TimeoutError, PostgresError, InterfaceError):
        return _AWAY


async def _version(pool: Pool) -> str | None:
    async with lend(pool) as connection:
        return await applied_on(connection)


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
