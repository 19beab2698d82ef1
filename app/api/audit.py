"""The routes of the audit: `/audit` for people and programs, AuditEvents below the FHIR base. docs/how-to/audit.md"""

import json
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.api.audit_answers import SCOPE, listed, read, searched
from app.api.audit_asked import Asking, Pairs
from app.api.door import entered
from app.api.handlers.ground import base_of
from app.api.openapi.audited import PLAIN
from app.api.openapi.audited import listed as listed_parameters
from app.errors import NotAllowed
from app.fhir.service import Service

PATH = "/AuditEvent"
_NO_STORE = {"Cache-Control": "no-store"}
_FHIR = "application/fhir+json; charset=utf-8"


router = APIRouter(prefix="/audit", tags=["Audit · Nhật ký truy cập"])


def asking_of(service: Service, request: Request) -> Asking:
    """Return who asks the audit, and with what it is answered."""
    zone = service.settings.time_zone
    return Asking(service.caller, service.plain, service.trail, zone, base_of(service, request))


@router.get(
    "",
    operation_id="auditSearch",
    summary="Who did what, and everyone who looked at a person · Ai đã làm gì, ai đã xem một người",
    openapi_extra={"parameters": listed_parameters(PLAIN)},
)
async def audit(request: Request, service: Annotated[Service, entered(SCOPE)]) -> Response:
    """List events, the newest first; with `person`, also who looked at that person, how often and when."""
    return _json(await listed(asking_of(service, request), _pairs(request)), "application/json")


def is_audit(path: str) -> bool:
    """Say whether a path below the FHIR base is of AuditEvents."""
    return path == PATH or path.startswith(f"{PATH}/")


async def events(asking: Asking, request: Request, path: str) -> Response:
    """Return the response to a request for AuditEvents; `path` is the address below the FHIR base.

    Raises NotAllowed for anything but reading: nobody writes here.
    """
    if request.method not in ("GET", "HEAD"):
        raise NotAllowed.of("AuditEvents are only read.", "AuditEvent chỉ được đọc.")
    if path == PATH:
        return _json(await searched(asking, _pairs(request)), _FHIR)
    return _json(await read(asking, path.removeprefix(f"{PATH}/")), _FHIR)


def _pairs(request: Request) -> Pairs:
    return parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)


def _json(content: dict[str, Any], kind: str) -> Response:
    return Response(json.dumps(content, ensure_ascii=False, default=str), headers=_NO_STORE, media_type=kind)
