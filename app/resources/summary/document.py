"""The document: a Bundle whose first entry is a Composition. https://hl7.org/fhir/R4/documents.html

Records stand in it byte by byte as they are held, under their addresses here.
"""

import json
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from app.fhir.body import stamp
from app.fhir.interactions.create import new_id
from app.resources.summary.gather import Held, Record
from app.resources.summary.narrative import heading, narrative, nothing, paragraph, table
from app.resources.summary.sections import SECTIONS, Section

_IPS = "http://hl7.org/fhir/uv/ips/StructureDefinition"
BUNDLE_PROFILE = f"{_IPS}/Bundle-uv-ips"
_COMPOSITION_PROFILE = f"{_IPS}/Composition-uv-ips"
_LOINC = "http://loinc.org"
_TITLE = "Tóm tắt hồ sơ sức khỏe / Patient summary"
_UNAVAILABLE = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/list-empty-reason",
            "code": "unavailable",
            "display": "Unavailable",
        }
    ]
}


class Making(NamedTuple):
    """What a document is made with: the address of the interface, the zone of days, and the time it is made."""

    base: str
    zone: ZoneInfo
    time: datetime


def document(held: Held, making: Making) -> str:
    """Return the Bundle as JSON."""
    author, composition = new_id(), new_id()
    profile = _conforms(held.patient.tree)
    head = {
        "resourceType": "Bundle",
        **({"meta": {"profile": [BUNDLE_PROFILE]}} if profile else {}),
        "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{new_id()}"},
        "type": "document",
        "timestamp": stamp(making.time),
    }
    records = (record for found in held.records.values() for record in found)
    listed = [held.patient, *held.merged, *records, *held.others.values()]
    made = _composition(held, making, composition, f"urn:uuid:{author}", profile=profile)
    entries = [
        _entry(f"urn:uuid:{composition}", _json(made)),
        _entry(f"urn:uuid:{author}", _json(_device(author, making.base))),
        *(_entry(f"{making.base}/{_local(record)}", record.body) for record in listed),
    ]
    return f'{_json(head)[:-1]},"entry":[{",".join(entries)}]}}'


def _conforms(patient: dict[str, Any]) -> bool:
    """Return whether IPS can be claimed: it asks for a name and a birth date, which a person here may lack."""
    named = any(name.keys() & {"family", "given", "text"} for name in patient.get("name", ()))
    return named and "birthDate" in patient


def _composition(held: Held, making: Making, record_id: str, author: str, *, profile: bool) -> dict[str, Any]:
    custodian = _custodian(held)
    return {
        "resourceType": "Composition",
        "id": record_id,
        **({"meta": {"profile": [_COMPOSITION_PROFILE]}} if profile else {}),
        "language": "vi",
        "text": narrative(paragraph(_TITLE, *_about(held.patient.tree))),
        "status": "final",
        "type": {"coding": [{"system": _LOINC, "code": "60591-5"}], "text": _TITLE},
        "subject": {"reference": _local(held.patient)},
        "date": stamp(making.time),
        "author": [{"reference": author}],
        "title": _TITLE,
        **({"custodian": {"reference": custodian}} if custodian else {}),
        "section": [_section(section, held, making.zone) for section in SECTIONS],
    }


def _section(section: Section, held: Held, zone: ZoneInfo) -> dict[str, Any]:
    head = {
        "title": heading(section),
        "code": {"coding": [{"system": _LOINC, "code": section.code}], "text": heading(section)},
    }
    rows = [(section.row(record.tree, zone), record) for record in held.records.get(section.type_name, ())]
    if not rows:
        return {**head, "text": nothing(section), "emptyReason": _UNAVAILABLE}
    rows.sort(key=lambda pair: pair[0][0], reverse=True)
    return {
        **head,
        "text": table(section, [row for row, _ in rows], held.totals[section.type_name]),
        "entry": [{"reference": _local(record)} for _, record in rows],
    }


def _about(patient: dict[str, Any]) -> list[str]:
    """Return what is said of the patient in the document's own text: names, birth date, sex as they are held."""
    names = [_name(name) for name in patient.get("name", ())]
    lines = [("Họ tên / Name", "; ".join(filter(None, names)))]
    lines.append(("Ngày sinh / Birth date", patient.get("birthDate", "")))
    lines.append(("Giới tính / Gender", patient.get("gender", "")))
    return [f"{label}: {value}" for label, value in lines if value]


def _name(name: dict[str, Any]) -> str:
    """Return a name as its text, or family name first as it is written in Viet Nam."""
    return name.get("text") or " ".join(filter(None, [name.get("family"), *name.get("given", ())]))


def _custodian(held: Held) -> str:
    """Return the organization that keeps the patient's record, where it is held here, "" otherwise."""
    reference = held.patient.tree.get("managingOrganization", {}).get("reference", "")
    known = {_local(record) for record in held.others.values()}
    return next((local for local in known if reference == local or reference.endswith(f"/{local}")), "")


def _device(record_id: str, base: str) -> dict[str, Any]:
    """Return the author: this service, which put the document together."""
    return {
        "resourceType": "Device",
        "id": record_id,
        "deviceName": [{"name": "Tramy", "type": "user-friendly-name"}],
        "url": base,
    }


def _local(record: Record) -> str:
    return "/".join(record.address)


def _entry(full_url: str, body: str) -> str:
    return f'{{"fullUrl":{_json(full_url)},"resource":{body}}}'


def _json(tree: object) -> str:
    return json.dumps(tree, ensure_ascii=False, separators=(",", ":"))
