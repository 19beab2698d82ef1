"""A request put away as text, and made again from it. https://asgi.readthedocs.io/en/latest/specs/www.html

Of its headers only those are kept that shape the answer; that it was to be answered later is not among them. Who
asked is kept with what was granted then, and no token.
"""

import json
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.types import Message

from app.access.caller import Caller
from app.api.handlers.ground import PREFIX
from app.api.negotiation import Wanted

_SHAPING = ("accept", "accept-language", "content-type", "host")


def put_away(request: Request, path: str, body: bytes, want: Wanted, caller: Caller) -> str:
    """Return a request as text; `path` is its percent-encoded address below the base."""
    headers = {name: ",".join(request.headers.getlist(name)) for name in _SHAPING if name in request.headers}
    if want.lenient:
        headers["prefer"] = "handling=lenient"
    kept = {
        "method": request.method,
        "scheme": request.scope["scheme"],
        "path": path,
        "query": request.scope["query_string"].decode("latin-1"),
        "headers": headers,
        "body": body.decode("latin-1"),
        "caller": caller.kept(),
    }
    return json.dumps(kept)


def made_again(text: str, app: Any) -> tuple[Request, Caller]:
    """Return the request and who asked it; `app` is what it asks, with the service in its state."""
    kept = json.loads(text)
    path = f"{PREFIX}{kept['path']}"
    scope = {
        "type": "http",
        "method": kept["method"],
        "scheme": kept["scheme"],
        "path": unquote(path),
        "raw_path": path.encode("latin-1"),
        "root_path": "",
        "query_string": kept["query"].encode("latin-1"),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in kept["headers"].items()],
        "app": app,
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": kept["body"].encode("latin-1"), "more_body": False}

    return Request(scope, receive), Caller.from_kept(kept["caller"])
