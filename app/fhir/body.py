"""The stored body: the members exactly as they were sent, with id and meta set. https://hl7.org/fhir/R4/resource.html#Meta

Numbers, unknown extensions, the order of lists and the blanks inside a member stay as they are: the bytes
of a member are never made again.
"""

from datetime import UTC, datetime

from app.fhir.json import members

_OURS = ("resourceType", "id", "meta")
_SERVED_META = ("versionId", "lastUpdated")


def assemble(parts: dict[str, bytes], type_name: str, record_id: str, version: int, time: datetime) -> str:
    """Return the JSON to be stored and served; `parts` are the members as sent (json.members)."""
    meta = [b'"versionId":"%d"' % version, b'"lastUpdated":"%s"' % stamp(time).encode()]
    if "meta" in parts:
        sent = members(parts["meta"])
        meta += [b'"%s":%s' % (name.encode(), value) for name, value in sent.items() if name not in _SERVED_META]
    head = b'{"resourceType":"%s","id":"%s","meta":{%s}' % (type_name.encode(), record_id.encode(), b",".join(meta))
    rest = [b',"%s":%s' % (name.encode(), value) for name, value in parts.items() if name not in _OURS]
    return b"".join([head, *rest, b"}"]).decode()


def stamp(time: datetime) -> str:
    """Return a FHIR instant in UTC with milliseconds."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
