"""The service as it is but for what signs callers in, the rule of what they see, and the audit: to measure their price.

It is of the bench alone. Reads go to the tables themselves, by statements that are planned once.
"""

from dataclasses import replace
from typing import cast

from fastapi import FastAPI
from starlette.requests import Request

from app.access.caller import Caller
from app.api import fhir
from app.api.application import Tramy
from app.api.wall import walled
from app.fhir.service import Service
from app.main import application as build


async def _entered(request: Request, _path: str, _caller: Caller | None) -> Service:
    service: Service = request.scope["app"].state.service
    return replace(service, near=service.writing)


def application() -> FastAPI:
    """Return the application."""
    app = cast("Tramy", build())
    fhir._entered = _entered
    app.__dict__["whole"] = walled(app.answer, app.settings)
    return app
