"""Requests that are answered later: taken, asked about, given up. https://hl7.org/fhir/R4/async.html

The answer is fetched as https://hl7.org/fhir/R5/async-bundle.html has it: a Bundle whose one entry is what the request
would have been answered at once.
"""

import json
from datetime import datetime
from email.utils import format_datetime
from secrets import token_hex

from starlette.requests import Request
from starlette.responses import Response

from app.api.body import read_body
from app.api.deferred import put_away
from app.api.handlers.ground import Handler, asking_of
from app.api.negotiation import Wanted
from app.api.replies import json_response
from app.errors import Fault, NotFound
from app.fhir.asked import Asked
from app.fhir.listed import bundle_text, object_text
from app.fhir.outcome import outcome
from app.fhir.service import Service
from app.store.job import KEPT, State, open_jobs, put, remove, state
from app.store.pool import lend

FOLDER = "_jobs"
MOST_OPEN = 1000
"""With more jobs than this to be done, a request is answered at once: nobody is promised what would come too late."""
BODY_LIMIT = 1024 * 1024
"""The largest body, in bytes, that is kept with a request."""
_LONG = ("search", "search-system", "search-compartment", "history-type", "history-system")
_LONG_OPERATIONS = ("everything", "expand")
_PATIENT = 10


def can_wait(method: str, what: Asked) -> bool:
    """Say whether a request may be answered later: only reads are, of which many records or codes may come."""
    if method == "HEAD":
        return False
    return what.interaction in _LONG or (what.interaction == "operation" and what.operation in _LONG_OPERATIONS)


async def accepted(service: Service, request: Request, path: str, want: Wanted) -> Response | None:
    """Write a request down and return where its answer will be, None when it is to be answered at once.

    Raises TooLarge for a body that is not kept.
    """
    if await open_jobs(service.plain) >= MOST_OPEN:
        return None
    asking = asking_of(service, request, want)
    limit = min(BODY_LIMIT, service.settings.body_limit)
    body = await read_body(request, limit) if request.method == "POST" else b""
    # 128 random bits: whoever does not know the address does not find it.
    job_id = token_hex(16)
    async with lend(service.writing) as connection:
        kept = put_away(request, path, body, want, service.caller)
        await put(connection, job_id, asking.caller, kept, service.clock())
    response = json_response(_told(f"{FOLDER}/{job_id}"), want, 202)
    response.headers["content-location"] = f"{asking.base}/{FOLDER}/{job_id}"
    return response


def _told(place: str) -> str:
    taken = Fault(
        "informational",
        f"The request is taken; ask for its answer at {place} (Content-Location).",
        f"Đã nhận yêu cầu; hãy lấy kết quả tại {place} (Content-Location).",
        severity="information",
    )
    return json.dumps(outcome([taken]), ensure_ascii=False)


async def _poll(service: Service, request: Request, what: Asked, want: Wanted) -> Response:
    caller, now = asking_of(service, request, want).caller, service.clock()
    found = await state(service.plain, what.id, caller, now)
    if found is None:
        raise _missing()
    if found.status is None:
        response = Response(status_code=202)
        response.headers["x-progress"] = _progress(found, now)
        response.headers["retry-after"] = "1" if (now - found.asked_at).total_seconds() < _PATIENT else f"{_PATIENT}"
    else:
        response = json_response(_answer(found.status, found.answer or ""), want)
        response.headers["expires"] = format_datetime(found.asked_at + KEPT, usegmt=True)
    response.headers["cache-control"] = "no-store"
    return response


def _progress(found: State, now: datetime) -> str:
    if found.begun_at is None:
        return f"waiting, {found.before} before it"
    return f"running for {max(0, int((now - found.begun_at).total_seconds()))} s"


def _answer(status: int, body: str) -> str:
    """Return the Bundle with what a request was answered: a resource, or the OperationOutcome of an error."""
    said = [f'"status":"{status}"']
    members = [f'"resource":{body}'] if status < 400 and body else []
    if status >= 400:
        said.append(f'"outcome":{body}')
    entry = object_text([*members, f'"response":{object_text(said)}'])
    return bundle_text("batch-response", [], [entry], None)


async def _cancel(service: Service, request: Request, what: Asked, want: Wanted) -> Response:
    caller = asking_of(service, request, want).caller
    async with lend(service.writing) as connection:
        if not await remove(connection, what.id, caller, service.clock()):
            raise _missing()
    return Response(status_code=202)


def _missing() -> NotFound:
    hours = int(KEPT.total_seconds() // 3600)
    return NotFound.of(
        f"There is no such job of yours; one is kept {hours} hours, or until it is deleted. Send the request again.",
        f"Không có yêu cầu này của bạn; kết quả được giữ {hours} giờ hoặc đến khi bị xóa. Hãy gửi lại yêu cầu.",
    )


HANDLERS: dict[str, Handler] = {
    "job": _poll,
    "cancel-job": _cancel,
}
