"""Errors as OperationOutcome, and every error as a response: the one place that translates.

https://hl7.org/fhir/R4/operationoutcome.html
"""

import json
import logging
from collections.abc import Mapping

from starlette.responses import Response
from uuid_utils import uuid7

from app.errors import TramyError, Unauthenticated
from app.fhir.outcome import outcome
from app.fhir.write.transaction import AWAY, unavailable

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="tramy"'}
"""What is said beside each refusal of who is not known. https://www.rfc-editor.org/rfc/rfc6750#section-3"""
FHIR_JSON = "application/fhir+json; charset=utf-8"
_log = logging.getLogger("tramy")


def operation_outcome(error: TramyError) -> dict:
    """Return the OperationOutcome with every fault, in the language that the request being answered asks for."""
    return outcome(error.faults)


def error_response(error: TramyError, headers: Mapping[str, str] | None = None) -> Response:
    """Return the response to an error."""
    told = operation_outcome(error)
    spoken = {"Content-Language": told["language"]} if "language" in told else {}
    retry = {"Retry-After": "1"} if error.status == 503 else {}
    body = json.dumps(told, ensure_ascii=False).encode()
    challenge = CHALLENGE if error.status == Unauthenticated.status else {}
    stated = {"Vary": "Accept-Language", **spoken, **retry, **challenge, **(headers or {})}
    return Response(body, error.status, stated, media_type=FHIR_JSON)


def answer_to(error: Exception, headers: Mapping[str, str] | None = None) -> Response:
    """Return the response to whatever was raised; `headers` go with an error that is the client's to mend."""
    if isinstance(error, TramyError):
        return error_response(error, headers)
    return error_response(unavailable()) if isinstance(error, AWAY) else unexpected(error)


def unexpected(error: Exception) -> Response:
    """Return the response to a fault of ours: an id to ask about; the log has the place, never what was sent."""
    number = str(uuid7())
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
    _log.error("unexpected %s: %s at %s", number, type(error).__name__, place)
    return error_response(
        TramyError.of(
            f"Something went wrong here; it is recorded as {number}.",
            f"Hệ thống gặp lỗi, đã ghi nhận với mã {number}.",
        )
    )
