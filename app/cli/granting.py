"""What an administrator grants on the command line, read once: scopes of programs, places by their codes."""

from collections.abc import Sequence
from datetime import datetime

from app.access.scope import Grants, read_scopes
from app.config import Settings
from app.errors import BadParameter
from app.places import load


def scopes_of(given: Sequence[str]) -> Grants:
    """Return scopes, each option perhaps with several. Raises BadParameter for one that is not a program's."""
    grants = read_scopes(" ".join(given))
    if not grants.records and not grants.own:
        raise BadParameter.of("At least one scope is needed.", "Cần ít nhất một phạm vi.", "--scope")
    if any(scope.context != "system" for scope in grants.records):
        raise BadParameter.of(
            "A program's scopes begin with system/ or tramy/; those with user/ are for people.",
            "Phạm vi của phần mềm bắt đầu bằng system/ hoặc tramy/; user/ dành cho người dùng.",
            "--scope",
        )
    return grants


def places_of(given: Sequence[str], chosen: Settings, now: datetime) -> tuple[str, ...]:
    """Return the keys of places given by code, on today's boundaries where no other are named. Raises BadParameter."""
    today = now.astimezone(chosen.time_zone).date()
    return tuple(dict.fromkeys(load().find(text, today, "--place").key for text in given))
