"""A version as an entry of a history: the request that made it and what was answered. https://hl7.org/fhir/R4/http.html#history"""

import json

from asyncpg import Record

from app.fhir.body import stamp
from app.fhir.etag import etag
from app.fhir.listed import object_text


def entry_text(row: Record, base: str) -> str:
    """Return the JSON of an entry; a deletion has no resource."""
    address, gone = f"{row['type']}/{row['id']}", row["body"] is None
    method, status = ("DELETE", "204") if gone else ("PUT", "201" if row["made"] else "200")
    response = {"status": status, "etag": etag(row["version"]), "lastModified": stamp(row["updated_at"])}
    return object_text(
        [
            f'"fullUrl":{json.dumps(f"{base}/{address}")}',
            *([] if gone else [f'"resource":{row["body"]}']),
            f'"request":{json.dumps({"method": method, "url": address})}',
            f'"response":{json.dumps(response)}',
        ]
    )
