"""The audit around every route: an answer leaves when the record of it is committed, or it does not leave.

https://profiles.ihe.net/ITI/BALP/
"""

import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils import uuid7

from app.api.language import answering
from app.api.outcome import answer_to
from app.audit.event import EXECUTE, READ, Event
from app.audit.trail import Trail
from app.errors import TramyError

UNRECORDED = ("/health",)
"""Addresses that say nothing of anybody and are asked every few seconds, also while the database is away."""
UNNAMED = "http"
"""The interaction of a request of which nobody has said what it is."""
_SIGN_IN = "/auth/"
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_ACTIONS = {"GET": READ, "HEAD": READ}
_LONGEST = 4000
_SECRET = re.compile(r"(?i)((?:^|&)[^=&]*(?:token|secret|password|code|assertion)[^=&]*=)[^&]*")
Record = Callable[[list[Event]], Awaitable[None]]


class Recorded:
    """Gives each request a trail, and records it before the answer begins.

    `state` has the `recorder` and the `service`, once the application has started.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"].startswith(UNRECORDED):
            await self.app(scope, receive, send)
            return
        state = scope["app"].state
        trail = scope["trail"] = Trail(said_of(scope, state.service.clock()))
        refused = False

        async def told(message: Message) -> None:
            nonlocal refused
            if refused:
                return
            if message["type"] == "http.response.start":
                _name(trail, scope)
                try:
                    await state.recorder.record(trail.rest(message["status"]))
                except TramyError as error:
                    refused = True
                    with answering(scope):
                        response = answer_to(error)
                    await response(scope, receive, send)
                    return
            await send(message)

        await self.app(scope, receive, told)


def _name(trail: Trail, scope: Scope) -> None:
    """Say of a request to a route of ours what it is, and who asked, as far as the route found that out.

    The FHIR interface has a word of its own for what is asked; the other routes have the names of their operations.
    """
    said = trail.whole.said
    name = getattr(scope.get("route"), "operation_id", None)
    if said["interaction"] == UNNAMED and name:
        trail.named(interaction=_CAPITAL.sub("-", name).lower(), action=_ACTIONS.get(scope["method"], EXECUTE))
    if not said.get("client"):
        found = scope.get("state", {})
        trail.named(client=found.get("client", ""), user=found.get("user", ""))


def said_of(scope: Scope, now: datetime) -> dict[str, Any]:
    """Return what is known of a request before anybody looks at it, by the fields of an event."""
    client = scope.get("client")
    return {
        "at": now,
        "action": READ,
        "interaction": UNNAMED,
        "request": scope.get("request_id") or str(uuid7()),
        "method": scope["method"],
        "path": _address(scope),
        "address": client[0] if client else "",
    }


def _address(scope: Scope) -> str:
    """Return the address with its query, without what is secret in it."""
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    if not query or path.startswith(_SIGN_IN):
        return path[:_LONGEST]
    shown = _SECRET.sub(r"\1...", query)
    return f"{path}?{shown}"[:_LONGEST]
