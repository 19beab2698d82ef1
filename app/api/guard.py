"""The last resort around the routes that FastAPI serves: an error becomes a response, and its text reaches no log.

Starlette would answer it and raise it once more, for the server to log with what was sent.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.language import answering
from app.api.outcome import answer_to


class Guard:
    """Answers what another application raised."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; an answer that has begun cannot be changed, and ends where it is."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except Exception as error:
            with answering(scope):
                response = answer_to(error)
            if not begun:
                await response(scope, receive, send)
