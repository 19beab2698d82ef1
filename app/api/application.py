"""The ASGI application: the FHIR interface, indicators, signing in, rights, documentation, health checks."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cached_property

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api import audit, rights
from app.api.compression import Compressed
from app.api.docs import add_documentation
from app.api.fhir import FhirApp, within
from app.api.guard import Guard
from app.api.handlers.ground import PREFIX, utf8
from app.api.health import router as health_router
from app.api.indicators import router as indicator_router
from app.api.language import answering
from app.api.opened import opened
from app.api.outcome import answer_to
from app.api.recorded import Recorded
from app.api.sign_in import configuration, introspect, people, revoke, token
from app.api.wall import walled
from app.config import Settings
from app.errors import BadParameter, Fault, NotAllowed, NotFound, TramyError
from app.fhir.asked import read_pairs
from app.fhir.interactions.capabilities import VERSION


class Tramy(FastAPI):
    """FastAPI with the FHIR interface before it, which needs none of its middleware and answers its own errors."""

    fhir = FhirApp()
    settings = Settings()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request to its routes, behind the wall and with the audit around them."""
        scope["app"] = self
        await self.whole(scope, receive, send)

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request below the FHIR base to the FHIR interface, any other to FastAPI."""
        if scope["type"] == "http" and within(scope) and not scope["path"].startswith(f"{PREFIX}/.well-known"):
            await self.fhir(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    @cached_property
    def whole(self) -> ASGIApp:
        """The routes with all that stands around them."""
        return walled(self.answer, self.settings, Recorded)


def application(settings: Settings, url: str) -> FastAPI:
    """Return the application for a database; it opens the service when it is started and closes it when it ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opened(app, settings, url):
            yield

    app = Tramy(title="Tramy", version=VERSION, lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    app.settings = settings
    app.include_router(indicator_router, dependencies=[Depends(_require_text)])
    for routes in (configuration, token, revoke, introspect, people, rights, audit):
        app.include_router(routes.router)
    app.include_router(health_router)
    add_documentation(app)
    app.add_exception_handler(TramyError, _refused)
    app.add_exception_handler(RequestValidationError, _unread)
    app.add_exception_handler(HTTPException, _http)
    # The last one added stands first: what the guard answers is compressed too.
    app.add_middleware(Guard)
    app.add_middleware(Compressed)
    return app


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
