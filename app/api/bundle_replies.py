"""The response to a transaction or a batch: for each entry what a request of its own would be answered.

https://hl7.org/fhir/R4/http.html#transaction-response
"""

import json
from collections.abc import Iterable

from app.api.negotiation import Wanted
from app.api.outcome import answer_to
from app.api.replies import told
from app.fhir.answer import Answer
from app.fhir.body import stamp
from app.fhir.bundle.outcome import Outcome
from app.fhir.etag import etag
from app.fhir.listed import bundle_text, object_text


def response_bundle(kind: str, outcomes: Iterable[Outcome | Exception], wanted: Wanted) -> str:
    """Return the response to a transaction or batch, its entries in the order of what was sent."""
    return bundle_text(f"{kind}-response", [], (_entry(outcome, wanted) for outcome in outcomes), None)


def _entry(outcome: Outcome | Exception, wanted: Wanted) -> str:
    if isinstance(outcome, Exception):
        response = answer_to(outcome)
        return _members("", [f'"status":"{response.status_code}"', f'"outcome":{bytes(response.body).decode()}'])
    if not isinstance(outcome, Answer):
        return _members(outcome.body, [f'"status":"{outcome.status}"'])
    stated = {"status": str(outcome.status)}
    if outcome.time is not None:
        stated |= {"location": outcome.location, "etag": etag(outcome.version), "lastModified": stamp(outcome.time)}
    response = [f"{json.dumps(name)}:{json.dumps(value)}" for name, value in stated.items()]
    if outcome.written and wanted.returned == "OperationOutcome":
        response.append(f'"outcome":{told()}')
    shown = not outcome.written or wanted.returned == "representation"
    return _members(outcome.body or "" if shown else "", response)


def _members(resource: str, response: list[str]) -> str:
    return object_text([*([f'"resource":{resource}'] if resource else []), f'"response":{object_text(response)}'])
