"""Answers of interactions as responses; bodies are sent as they are stored.

https://hl7.org/fhir/R4/http.html
"""

import json
from email.utils import format_datetime

from starlette.responses import Response

from app.api.negotiation import Wanted, indent
from app.api.outcome import FHIR_JSON
from app.errors import Fault
from app.fhir.answer import Answer
from app.fhir.etag import etag
from app.fhir.outcome import outcome


def told(en: str = "Done.", vi: str = "Đã xong.") -> str:
    """Return the OperationOutcome that says what was done, for a client that prefers one."""
    done = outcome([Fault("informational", en, vi, severity="information")])
    return json.dumps(done, ensure_ascii=False)


def json_response(body: str, wanted: Wanted, status: int = 200) -> Response:
    """Return JSON as a response."""
    return Response((indent(body) if wanted.pretty and body else body).encode(), status, media_type=FHIR_JSON)


def record_response(answer: Answer, wanted: Wanted, base: str, said: str = "") -> Response:
    """Return the response to a read or a write, with the headers of the version it is about.

    `said` is the OperationOutcome for a client that prefers one, where it says more than that it is done. With a
    `base` the version's address is given: also where nothing was made, as a condition may have chosen the record.
    """
    body = (said or told()) if wanted.returned == "OperationOutcome" else _body(answer, wanted)
    if answer.status in (204, 304) and not body:
        response = Response(status_code=answer.status)
    else:
        # 204 says that nothing follows.
        status = 200 if answer.status == 204 else answer.status
        response = json_response(body, wanted, status)
    if answer.time is not None:
        response.headers["etag"] = etag(answer.version)
        response.headers["last-modified"] = format_datetime(answer.time, usegmt=True)
    if base and answer.location and answer.status in (200, 201):
        response.headers["location"] = f"{base}/{answer.location}"
    return response


def _body(answer: Answer, wanted: Wanted) -> str:
    return "" if wanted.returned == "minimal" else answer.body or ""
