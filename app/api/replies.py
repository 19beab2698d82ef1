"""Answers of interactions as responses and as bundle entries; bodies are sent as they are stored.

https://hl7.org/fhir/R4/http.html
"""

import json
from collections.abc import Iterable
from email.utils import format_datetime

from starlette.responses import Response

from app.api.negotiation import Wanted, indent
from app.api.outcome import FHIR_JSON, operation_outcome
from app.errors import TramyError
from app.fhir.answer import Answer
from app.fhir.body import stamp
from app.fhir.bundle.transaction import Outcome
from app.fhir.etag import etag
from app.fhir.interactions.history import Versions
from app.fhir.interactions.search import Found
from app.fhir.resource_type import ResourceType

_DONE = json.dumps(
    {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "information", "code": "informational", "diagnostics": "Done."}],
    }
)


def json_response(body: str, wanted: Wanted, status: int = 200) -> Response:
    """Return JSON as a response."""
    return Response((indent(body) if wanted.pretty and body else body).encode(), status, media_type=FHIR_JSON)


def record_response(answer: Answer, wanted: Wanted, base: str) -> Response:
    """Return the response to a read or a write, with the headers of the version it is about."""
    body = _body(answer, wanted)
    if answer.status == 204 and not body:
        response = Response(status_code=204)
    else:
        # 204 says that nothing follows.
        status = 200 if answer.status == 204 else answer.status
        response = json_response(body, wanted, status)
    if answer.time is not None:
        response.headers["etag"] = etag(answer.version)
        response.headers["last-modified"] = format_datetime(answer.time, usegmt=True)
    if answer.status == 201:
        response.headers["location"] = f"{base}/{answer.location}"
    return response


def _body(answer: Answer, wanted: Wanted) -> str:
    if wanted.returned == "minimal":
        return ""
    return _DONE if wanted.returned == "OperationOutcome" else answer.body or ""


def searchset(found: Found, base: str) -> str:
    """Return a page of search results as a Bundle."""
    kind = found.kind
    links = [("self", f"{base}/{kind.name}?{found.self_query}")]
    if found.next_query:
        links.append(("next", f"{base}/{kind.name}?{found.next_query}"))
    entries = (
        f'{{"fullUrl":{json.dumps(f"{base}/{kind.name}/{record}")},"resource":{body},"search":{{"mode":"match"}}}}'
        for record, body in found.rows
    )
    return _bundle("searchset", links, entries, found.total)


def history_bundle(versions: Versions, kind: ResourceType, record_id: str, base: str) -> str:
    """Return versions of a record as a Bundle."""
    address = f"{base}/{kind.name}/{record_id}"
    links = [("self", f"{address}/_history")]
    if versions.next_query:
        links.append(("next", f"{address}/_history?{versions.next_query}"))
    entries = (_version(row, kind, record_id, address) for row in versions.rows)
    return _bundle("history", links, entries, versions.total)


def _version(row, kind: ResourceType, record_id: str, address: str) -> str:
    gone = row["body"] is None
    method, status = ("DELETE", "204") if gone else ("PUT", "201" if row["version"] == 1 else "200")
    response = {"status": status, "etag": etag(row["version"]), "lastModified": stamp(row["updated_at"])}
    parts = [f'"fullUrl":{json.dumps(address)}']
    parts += [] if gone else [f'"resource":{row["body"]}']
    parts.append(f'"request":{{"method":"{method}","url":"{kind.name}/{record_id}"}}')
    parts.append(f'"response":{json.dumps(response)}')
    return _object(parts)


def response_bundle(kind: str, outcomes: Iterable[Outcome | TramyError], wanted: Wanted, base: str) -> str:
    """Return the response to a transaction or batch."""
    return _bundle(f"{kind}-response", [], (_entry(outcome, wanted, base) for outcome in outcomes), None)


def _entry(outcome: Outcome | TramyError, wanted: Wanted, base: str) -> str:
    if isinstance(outcome, TramyError):
        detail = json.dumps(operation_outcome(outcome), ensure_ascii=False)
        return f'{{"response":{{"status":"{outcome.status}","outcome":{detail}}}}}'
    if isinstance(outcome, Found):
        return f'{{"resource":{searchset(outcome, base)},"response":{{"status":"200"}}}}'
    response = {"status": str(outcome.status)}
    if outcome.time is not None:
        response |= {"location": outcome.location, "etag": etag(outcome.version), "lastModified": stamp(outcome.time)}
    parts = [f'"response":{json.dumps(response)}']
    if outcome.body and (wanted.returned == "representation" or not outcome.written):
        parts.insert(0, f'"resource":{outcome.body}')
    return _object(parts)


def _object(members: list[str]) -> str:
    return "{" + ",".join(members) + "}"


def _bundle(kind: str, links: list[tuple[str, str]], entries: Iterable[str], total: int | None) -> str:
    parts = ['"resourceType":"Bundle"', f'"type":"{kind}"']
    if total is not None:
        parts.append(f'"total":{total}')
    if links:
        parts.append(f'"link":{json.dumps([{"relation": relation, "url": url} for relation, url in links])}')
    listed = ",".join(entries)
    if listed:
        parts.append(f'"entry":[{listed}]')
    return _object(parts)
