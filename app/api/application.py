"""The ASGI application: the FHIR interface, the indicators, the documentation and the health checks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.api.docs import add_documentation
from app.api.fhir import FhirApp, within
from app.api.health import router as health_router
from app.api.indicators import router as indicator_router
from app.api.outcome import error_response, unexpected
from app.config import Settings
from app.errors import BadParameter, Fault, NotAllowed, NotFound, TramyError
from app.exchange.opening import calm_collector, running
from app.fhir.interactions.capabilities import VERSION
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
            task = asyncio.create_task(upkeep(opened.service.pool, opened.service.epoch, settings.moment_interval))
            try:
                yield
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    app = Tramy(title="Tramy", version=VERSION, lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(indicator_router)
    app.include_router(health_router)
    add_documentation(app)
    app.add_exception_handler(TramyError, _refused)
    app.add_exception_handler(RequestValidationError, _unread)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)
    return app


async def _refused(_request: Request, error: Exception) -> Response:
    return error_response(error) if isinstance(error, TramyError) else unexpected(error)


async def _unread(_request: Request, error: Exception) -> Response:
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
    return error_response(BadParameter(faults))


async def _http(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 405:
        return error_response(
            NotAllowed.of("This method is not supported here.", "Địa chỉ này không hỗ trợ phương thức đó.")
        )
    return error_response(NotFound.of("There is nothing at this address.", "Không có gì tại địa chỉ này."))


async def _unexpected(_request: Request, error: Exception) -> Response:
    return unexpected(error)
