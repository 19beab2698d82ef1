"""An event as an AuditEvent of FHIR R4, by IHE's Basic Audit Log Patterns where one of them applies.

https://hl7.org/fhir/R4/auditevent.html, https://profiles.ihe.net/ITI/BALP/content.html
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from app.audit.place import written

_BALP = "https://profiles.ihe.net/ITI/BALP"
_DICOM = "http://dicom.nema.org/resources/ontology/DCM"
_TERMS = "http://terminology.hl7.org/CodeSystem"
_REST = "http://hl7.org/fhir/restful-interaction"
_PARTY = f"{_TERMS}/v3-ParticipationType"
_SOURCE = (_DICOM, "110153", "Source Role ID")
_TARGET = (_DICOM, "110152", "Destination Role ID")
_RECIPIENT = (_PARTY, "IRCP", "information recipient")
_AUTHOR = (_PARTY, "AUT", "author (originator)")
_PERSON, _OBJECT = "1", "2"
_PATIENT, _RECORD, _QUERY = "1", "4", "24"
Coded = tuple[str, str, str]


class Pattern(NamedTuple):
    """A pattern of BALP: its name, and the roles of client, server and user; a query has no data of its own."""

    name: str
    client: Coded
    server: Coded
    user: Coded


_WRITE = {
    name: Pattern(pattern, _SOURCE, _TARGET, _AUTHOR)
    for name, pattern in {"create": "Create", "update": "Update", "patch": "Update"}.items()
}
_READ = {name: Pattern("Read", _TARGET, _SOURCE, _RECIPIENT) for name in ("read", "vread")}
_SEARCH = {
    name: Pattern("Query", _SOURCE, _TARGET, _RECIPIENT)
    for name in ("search", "search-type", "search-system", "search-compartment")
}
_DELETE = Pattern(
    "Delete",
    (_DICOM, "110150", "Application"),
    (f"{_TERMS}/provenance-participant-type", "custodian", "Custodian"),
    _AUTHOR,
)
PATTERNS: Mapping[str, Pattern] = {**_READ, **_SEARCH, **_WRITE, "delete": _DELETE}
"""The pattern of each interaction that has one."""
_OTHER = Pattern("", _SOURCE, _TARGET, _RECIPIENT)
_STANDARD = frozenset(
    (*PATTERNS, "history", "history-instance", "history-type", "history-system", "capabilities", "transaction")
) | {"batch", "operation"}


def event_resource(row: Mapping[str, Any], server: str) -> dict[str, Any]:
    """Return the AuditEvent of a row; `server` is the address of this service, which recorded it."""
    pattern = PATTERNS.get(row["interaction"].removeprefix("conditional-"), _OTHER)
    made: dict[str, Any] = {"resourceType": "AuditEvent", "id": written(row["at"], row["id"])}
    if profile := _profile(row, pattern):
        made["meta"] = {"profile": [f"{_BALP}/StructureDefinition/IHE.BasicAudit.{profile}"]}
    made["type"] = {"system": f"{_TERMS}/audit-event-type", "code": "rest", "display": "Restful Operation"}
    made["subtype"] = [_subtype(row["interaction"], server)]
    made["action"] = row["action"]
    made["recorded"] = row["at"].isoformat(timespec="microseconds").replace("+00:00", "Z")
    made["outcome"] = row["outcome"]
    if told := " ".join(text for text in (f"HTTP {row['status']}" if row["status"] else "", row["detail"]) if text):
        made["outcomeDesc"] = told
    if purposes := _purposes(row):
        made["purposeOfEvent"] = purposes
    made["agent"] = list(_agents(row, pattern, server))
    observer = {"display": server}
    made["source"] = {"observer": observer, "type": [_coding(f"{_TERMS}/security-source-type", "4")]}
    if entities := list(_entities(row, pattern)):
        made["entity"] = entities
    return made


def _profile(row: Mapping[str, Any], pattern: Pattern) -> str:
    """Return the name of the profile that the event fulfils, "" for none: they are for what succeeded."""
    listed = pattern.name == "Query"
    if not pattern.name or row["outcome"] != "0" or (not listed and len(row["records"]) != 1):
        return ""
    # A pattern of one patient has exactly one; a deletion has no other.
    if len(row["people"]) == 1:
        return f"Patient{pattern.name}"
    return "" if pattern.name == "Delete" else pattern.name


def _subtype(interaction: str, server: str) -> dict[str, str]:
    # R4 has one word for the searches of a type and of all types, which its newer list tells apart.
    if interaction == "search":
        return _coding(_REST, "search-type")
    return _coding(_REST if interaction in _STANDARD else f"{server}/CodeSystem/audit-interaction", interaction)


def _purposes(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    if not row["purpose"] and not row["reason"]:
        return []
    concept: dict[str, Any] = {}
    if row["purpose"]:
        concept["coding"] = [_coding(f"{_TERMS}/v3-ActReason", row["purpose"])]
    if row["reason"]:
        concept["text"] = row["reason"]
    return [concept]


def _agents(row: Mapping[str, Any], pattern: Pattern, server: str) -> Iterator[dict[str, Any]]:
    address = {"network": {"address": row["address"], "type": "2"}} if row["address"] else {}
    client = {"identifier": {"value": row["client"]}} if row["client"] else {"display": "unknown"}
    yield {"type": _concept(pattern.client), "who": client, "requestor": not row["user_id"], **address}
    network = {"network": {"address": server, "type": "5"}}
    yield {"type": _concept(pattern.server), "who": {"display": server}, "requestor": False, **network}
    if row["user_id"]:
        yield {"type": _concept(pattern.user), "who": {"identifier": {"value": row["user_id"]}}, "requestor": True}
    if row["organization"]:
        custodian = _concept((_PARTY, "CST", "custodian"))
        yield {"type": custodian, "who": {"reference": row["organization"]}, "requestor": False}


def _entities(row: Mapping[str, Any], pattern: Pattern) -> Iterator[dict[str, Any]]:
    for person in row["people"]:
        yield {"what": {"reference": f"Patient/{person}"}, **_kind(_PERSON, _PATIENT)}
    for record in row["records"]:
        yield {"what": {"reference": record}, **_kind(_OBJECT, _RECORD)}
    if pattern.name == "Query" or "?" in row["path"]:
        asked = f"{row['method']} {row['path']}".encode()
        yield {**_kind(_OBJECT, _QUERY), "query": b64encode(asked).decode()}
    if row["request"]:
        request = {"system": f"{_BALP}/CodeSystem/BasicAuditEntityType", "code": "XrequestId"}
        yield {"what": {"identifier": {"value": row["request"]}}, "type": request}


def _kind(kind: str, role: str) -> dict[str, Any]:
    return {"type": _coding(f"{_TERMS}/audit-entity-type", kind), "role": _coding(f"{_TERMS}/object-role", role)}


def _concept(coded: Coded) -> dict[str, Any]:
    system, code, display = coded
    return {"coding": [{"system": system, "code": code, "display": display}]}


def _coding(system: str, code: str) -> dict[str, str]:
    return {"system": system, "code": code}
