"""Errors as OperationOutcome, and every error as a response: the one place that translates.

https://hl7.org/fhir/R4/operationoutcome.html
"""

import json
import logging
from collections.abc import Mapping

from starlette.responses import Response
from uuid_utils import uuid7

from app.errors import Fault, TramyError

FHIR_JSON = "application/fhir+json; charset=utf-8"
_log = logging.getLogger("tramy")


def operation_outcome(error: TramyError) -> dict:
    """Return the OperationOutcome with every fault: Vietnamese in `details`, English in `diagnostics`."""
    return {"resourceType": "OperationOutcome", "issue": [_issue(fault) for fault in error.faults]}


def _issue(fault: Fault) -> dict:
    issue: dict = {
        "severity": fault.severity,
        "code": fault.code,
        "details": {"text": fault.vi},
        "diagnostics": fault.en,
    }
    return {**issue, "expression": [fault.expression]} if fault.expression else issue


def error_response(error: TramyError, headers: Mapping[str, str] | None = None) -> Response:
    """Return the response to an error."""
    body = json.dumps(operation_outcome(error), ensure_ascii=False).encode()
    retry = {"Retry-After": "1"} if error.status == 503 else {}
    return Response(body, error.status, {**retry, **(headers or {})}, media_type=FHIR_JSON)


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
