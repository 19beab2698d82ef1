"""The ASGI application: the FHIR interface, the indicators, the documentation and the health checks."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.api.compression import Compressed
from app.api.docs import add_documentation
from app.api.fhir import FhirApp, within
from app.api.guard import Guard
from app.api.handlers.ground import utf8
from app.api.health import router as health_router
from app.api.indicators import router as indicator_router
from app.api.language import answering
from app.api.outcome import answer_to
from app.api.working import working
from app.config import Settings
from app.errors import BadParameter, Fault, NotAllowed, NotFound, TramyError
from app.exchange.opening import calm_collector, running
from app.fhir.asked import read_pairs
from app.fhir.interactions.capabilities import VERSION
from app.fhir.service import Service
from app.indicators.upkeep import upkeep


class Tramy(FastAPI):
    """FastAPI with the FHIR interface before it, which needs none of its middleware and answers its own errors."""

    fhir = FhirApp()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request below the FHIR base to the FHIR interface, any other to FastAPI."""
        if scope["type"] == "http" and within(scope):
            scope["app"] = self
            await self.fhir(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def application(settings: Settings, url: str) -> FastAPI:
    """Return the application for a database; it opens the service when it is started and closes it when it ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running(settings, url) as opened:
            calm_collector()
            app.state.running, app.state.service = opened, opened.service
            async with working(app, url), _kept_up(opened.service, settings):
                yield

    app = Tramy(title="Tramy", version=VERSION, lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(indicator_router, dependencies=[Depends(_require_text)])
    app.include_router(health_router)
    add_documentation(app)
    app.add_exception_handler(TramyError, _refused)
    app.add_exception_handler(RequestValidationError, _unread)
    app.add_exception_handler(HTTPException, _http)
    # The last one added stands first: what the guard answers is compressed too.
    app.add_middleware(Guard)
    app.add_middleware(Compressed)
    return app


@asynccontextmanager
async def _kept_up(service: Service, settings: Settings) -> AsyncIterator[None]:
    """Record moments and roll figures up for as long as the service runs."""
    task = asyncio.create_task(upkeep(service.pool, service.epoch, settings.moment_interval))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _require_text(request: Request) -> None:
    """Raise BadParameter for a query that is not text; Starlette would put other letters in the place of these."""
    read_pairs(utf8(request.scope["query_string"], "?"))


async def _refused(request: Request, error: Exception) -> Response:
    return _answer(request, error)


async def _unread(request: Request, error: Exception) -> Response:
    """Answer parameters that FastAPI could not read, without what was sent."""
    found = error.errors() if isinstance(error, RequestValidationError) else ()
    faults = [
        Fault(
            "invalid",
            f"Parameter {item['loc'][-1]}: {item['type']}.",
            f"Tham số {item['loc'][-1]} không hợp lệ.",
            str(item["loc"][-1]),
        )
        for item in found
    ]
    return _answer(request, BadParameter(faults))


async def _http(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.status_code == 405:
        refused = NotAllowed.of("This method is not supported here.", "Địa chỉ này không hỗ trợ phương thức đó.")
        return _answer(request, refused, error.headers)
    return _answer(request, NotFound.of("There is nothing at this address.", "Không có gì tại địa chỉ này."))


def _answer(request: Request, error: Exception, headers: Mapping[str, str] | None = None) -> Response:
    with answering(request.scope):
        return answer_to(error, headers)
