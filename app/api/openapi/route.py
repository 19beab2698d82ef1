"""GET /openapi.json: the document, made when it is first asked for. https://spec.openapis.org/oas/v3.1.1.html"""

import gzip
import json
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from app.api.compression import takes_gzip
from app.api.openapi.document import document
from app.config import Settings
from app.fhir.resource_type import Registry

router = APIRouter()


@router.get("/openapi.json", include_in_schema=False)
def openapi(request: Request) -> Response:
    """Return the document; compressed where the client takes that, since it is read over slow lines too."""
    app: FastAPI = request.app
    kept: bytes | None = getattr(app.state, "openapi", None)
    if kept is None:
        service = app.state.service
        kept = app.state.openapi = gzip.compress(written(app, service.registry, service.settings), mtime=0)
    if takes_gzip(",".join(request.headers.getlist("accept-encoding"))):
        headers = {"Vary": "Accept-Encoding", "Content-Encoding": "gzip"}
        return Response(kept, headers=headers, media_type="application/json")
    return Response(gzip.decompress(kept), media_type="application/json")


def written(app: FastAPI, registry: Registry, settings: Settings, indent: int | None = None) -> bytes:
    """Return the document of an application as JSON."""
    made: dict[str, Any] = document(registry, settings, app.routes)
    return json.dumps(made, ensure_ascii=False, indent=indent).encode()
