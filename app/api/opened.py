"""What the routes find in the application's state while it runs: the service, who may enter, what records it."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI

from app.access.authority import Authority
from app.access.external import External, provider_of
from app.access.outbound import Outbound
from app.access.programs import Programs
from app.access.rule import WRITER
from app.api.rates import ClientRates
from app.api.sign_in.noted import noting
from app.api.sign_in.opening import open_people, place_of, units_of
from app.api.working import working
from app.audit.recorder import Recorder
from app.audit.upkeep import Upkeep
from app.config import Settings
from app.exchange.opening import calm_collector, running
from app.fhir.service import Service
from app.indicators.upkeep import upkeep
from app.places import Places
from app.store.pool import open_pool


@asynccontextmanager
async def opened(app: FastAPI, settings: Settings, url: str) -> AsyncIterator[None]:
    """Open everything on a database, keep it up while the application runs, and close it."""
    async with running(settings, url) as found, AsyncExitStack() as closing:
        calm_collector()
        service, state = found.service, app.state
        state.running, state.service, state.settings = found, service, settings
        state.rates = ClientRates(settings.rate_limit, settings.rate_burst)
        # Its connections are its own: busy writers do not hold up the record of what is read.
        recording = await open_pool(
            url, size=2, statement_timeout=settings.statement_timeout, planned_once=True, role=WRITER
        )
        closing.push_async_callback(recording.close)
        state.recorder = Recorder(recording, service.epoch)
        outbound = Outbound(settings.outbound_hosts or ())
        state.programs = Programs(service.plain, service.clock, outbound)
        external = _external(settings, outbound, service, found.places)
        state.authority = Authority(service.plain, service.clock, units_of(found.places), external)
        state.people = await open_people(settings, service.plain, found.places, service.clock, noting(service))
        audit = Upkeep(
            service.plain, service.epoch, service.clock, settings.audit_anchor, settings.outbound_hosts or ()
        )
        async with (
            state.authority.listening(url),
            working(app, url),
            _beside(upkeep(service.plain, service.epoch, settings.moment_interval)),
            _beside(audit.run()),
        ):
            yield


def _external(settings: Settings, outbound: Outbound, service: Service, places: Places) -> External | None:
    provider = provider_of(settings)
    return External(provider, outbound, place_of(places, settings, service.clock)) if provider else None


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do work beside requests for as long as the application runs."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
