"""What the routes of the door find in the application's state: `programs`, `authority`, `settings`."""

from typing import cast

from starlette.requests import Request

from app.access.authority import Authority
from app.access.programs import Programs
from app.config import Settings


def programs_of(request: Request) -> Programs:
    """Return the door for programs."""
    return cast("Programs", request.app.state.programs)


def authority_of(request: Request) -> Authority:
    """Return who knows callers by their tokens."""
    return cast("Authority", request.app.state.authority)


def settings_of(request: Request) -> Settings:
    """Return the settings of the service."""
    return cast("Settings", request.app.state.settings)
