"""The documentation page: Swagger UI from files that are installed with the service, so that it needs no other host.

https://swagger.io/docs/open-source-tools/swagger-ui/usage/configuration/
"""

from pathlib import Path

import fastapi_offline
from fastapi import APIRouter, FastAPI
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from app.api.openapi.route import router as openapi_router

STATIC = Path(fastapi_offline.__file__).parent / "static"
router = APIRouter()

# Addresses are relative, so that the page also works behind a proxy that puts a path in front.
PAGE = """<!DOCTYPE html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tramy</title>
<link rel="icon" type="image/png" href="docs/static/favicon.png">
<link rel="stylesheet" href="docs/static/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<noscript>
This page needs JavaScript; the same is at <a href="openapi.json">openapi.json</a>.
Trang này cần JavaScript; nội dung cũng có tại <a href="openapi.json">openapi.json</a>.
</noscript>
<script src="docs/static/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""

# Without validatorUrl the page would send its address to a validator on another host.
START = """SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#page",
  validatorUrl: null,
  deepLinking: true,
  filter: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  tryItOutEnabled: true,
});
"""

# The browser itself refuses any other host; the page sets styles on its elements and draws its icons from data.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@router.get("/docs", include_in_schema=False)
async def page() -> Response:
    """Return the page."""
    return HTMLResponse(PAGE, headers={"Content-Security-Policy": POLICY})


@router.get("/docs/start.js", include_in_schema=False)
async def start() -> Response:
    """Return what sets the page up."""
    return Response(START, media_type="text/javascript")


def add_documentation(app: FastAPI) -> None:
    """Serve `/docs`, its files below it, and the `/openapi.json` that it shows."""
    app.include_router(router)
    app.include_router(openapi_router)
    app.mount("/docs/static", StaticFiles(directory=STATIC))
