"""The ASGI application as a server loads it, with settings from the environment (docs/reference/settings.md)."""

import os

from fastapi import FastAPI

from app.api.application import application as build
from app.api.loglines import set_up
from app.config import Settings
from app.errors import Misconfigured


def application() -> FastAPI:
    """Return the application. Raises Misconfigured without TRAMY_DATABASE_URL, which `tramy serve` sets."""
    settings = Settings.from_env(os.environ)
    if settings.database_url is None:
        raise Misconfigured.of(
            "Set TRAMY_DATABASE_URL, or start with: tramy serve",
            "Hãy đặt TRAMY_DATABASE_URL, hoặc chạy: tramy serve",
        )
    set_up(settings.log_level, settings.log_format)
    return build(settings, settings.database_url)
