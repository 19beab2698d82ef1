"""Faults as an OperationOutcome: Vietnamese in `details`, English in `diagnostics`.

https://hl7.org/fhir/R4/operationoutcome.html
"""

from collections.abc import Iterable
from typing import Any

from app.errors import Fault
from app.fhir.language import Language, language


def outcome(faults: Iterable[Fault]) -> dict[str, Any]:
    """Return the OperationOutcome with every fault, in the language the request asks for, or else in both."""
    chosen = language()
    spoken = {"language": chosen} if chosen else {}
    return {"resourceType": "OperationOutcome", **spoken, "issue": [_issue(fault, chosen) for fault in faults]}


def _issue(fault: Fault, chosen: Language | None) -> dict[str, Any]:
    issue: dict[str, Any] = {
        "severity": fault.severity,
        "code": fault.code,
        "details": {"text": fault.en if chosen == "en" else fault.vi},
        "diagnostics": fault.vi if chosen == "vi" else fault.en,
    }
    return {**issue, "expression": [fault.expression]} if fault.expression else issue
