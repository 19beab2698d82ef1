"""Answers of the door, as OAuth has them: never stored on the way, errors by the names of the specification.

https://www.rfc-editor.org/rfc/rfc6749#section-5
"""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from app.api.outcome import answer_to
from app.errors import Forbidden, TramyError, Unauthenticated, Unavailable
from app.fhir.write.transaction import AWAY, unavailable

Answering = Callable[[Request], Awaitable[JSONResponse]]
UNSUPPORTED = "not-supported"
"""The issue code of a grant that is not given here."""
_NEVER_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def answer(content: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return an answer that nobody on the way may keep."""
    return JSONResponse(content, status, headers={**_NEVER_KEPT, **(headers or {})})


async def answered(request: Request, answering: Answering) -> Any:
    """Return the answer to a request, or the error that was raised as OAuth has it."""
    try:
        return await answering(request)
    except TramyError as error:
        return _declined(error)
    except AWAY:
        return _declined(unavailable())
    except Exception as error:  # the caller gets an id to ask about, and the log nothing of what was sent
        return answer_to(error, _NEVER_KEPT)


def _declined(error: TramyError) -> JSONResponse:
    fault = error.faults[0]
    # The description may hold ASCII only, no quotes or backslashes; the Vietnamese one is a member of ours.
    said = "".join(letter for letter in fault.en if " " <= letter <= "~" and letter not in '"\\')
    content = {"error": _name(error), "error_description": said, "error_description_vi": fault.vi}
    return answer(content, error.status, {"Retry-After": "1"} if error.status == 503 else None)


def _name(error: TramyError) -> str:
    if isinstance(error, Unauthenticated):
        return "invalid_client"
    if isinstance(error, Forbidden):
        return "unauthorized_client"
    if isinstance(error, Unavailable):
        return "temporarily_unavailable"
    fault = error.faults[0]
    if fault.code == UNSUPPORTED:
        return "unsupported_grant_type"
    return "invalid_scope" if fault.expression == "scope" else "invalid_request"
