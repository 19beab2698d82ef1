"""The ASGI application: the FHIR interface, the indicators, the documentation and the health checks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI

from app.api.fhir import PREFIX, FhirApp
from app.api.opening import running
from app.config import Settings
from app.indicators.upkeep import upkeep


def application(settings: Settings, url: str) -> FastAPI:
    """Return the application for a database; it opens the service when it is started and closes it when it ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running(settings, url) as opened:
            app.state.running, app.state.service = opened, opened.service
            task = asyncio.create_task(upkeep(opened.service.pool, opened.service.epoch, settings.moment_interval))
            try:
                yield
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    app = FastAPI(title="Tramy", version="0.1.0", lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    app.mount(PREFIX, FhirApp())
    return app
