"""Formats and preferences of a request: Accept, _format, _pretty, Content-Type, Prefer.

https://hl7.org/fhir/R4/http.html#mime-type
"""

import json
from typing import Literal, NamedTuple

from starlette.requests import Request

from app.errors import NotAcceptable, UnsupportedMedia
from app.fhir.search.query import refuse

_JSON = {"application/fhir+json", "application/json", "text/json", "json"}
_ANY = {"*/*", "application/*"}
Return = Literal["minimal", "representation", "OperationOutcome"]


class Wanted(NamedTuple):
    """How the answer is wanted: indented or not, and what a write gives back."""

    pretty: bool
    returned: Return | None


def wanted(request: Request) -> Wanted:
    """Read what the client wants. Raises NotAcceptable when it takes no JSON."""
    headers = request.headers
    query = request.scope["query_string"]
    accept = headers.get("accept", "*/*")
    if b"_format" in query:
        accept = request.query_params.get("_format") or accept
    if accept != "*/*" and not _takes_json(accept):
        raise NotAcceptable.of(
            "Answers are application/fhir+json; ask for that in Accept or _format.",
            "Kết quả có dạng application/fhir+json; hãy yêu cầu dạng đó trong Accept hoặc _format.",
        )
    pretty = b"_pretty" in query and _flag(request.query_params.get("_pretty", ""))
    return Wanted(pretty, _return(headers.get("prefer", "")))


def require_json(request: Request, *, form: bool = False) -> None:
    """Raise UnsupportedMedia for a body in a format that is not read."""
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent in (("application/x-www-form-urlencoded",) if form else _JSON | {"application/json-patch+json"} - {"json"}):
        return
    name = "application/x-www-form-urlencoded" if form else "application/fhir+json"
    raise UnsupportedMedia.of(
        f"Send {name} and say so in Content-Type.", f"Hãy gửi {name} và ghi rõ trong Content-Type."
    )


def indent(body: str) -> str:
    """Return JSON for people to read; numbers stay digit by digit."""
    kept: dict[str, str] = {}

    def number(text: str) -> str:
        mark = f"\x00{len(kept)}\x00"
        kept[json.dumps(mark)] = text
        return mark

    text = json.dumps(json.loads(body, parse_float=number, parse_int=number), indent=2, ensure_ascii=False)
    for mark, digits in kept.items():
        text = text.replace(mark, digits, 1)
    return text


def _takes_json(accept: str) -> bool:
    kinds = (part.partition(";") for part in accept.lower().replace(" ", "+").split(","))
    return any(kind.strip("+") in _JSON | _ANY and "q=0" not in rest.split(";") for kind, _, rest in kinds)


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise refuse("_pretty", "must be true or false", "phải là true hoặc false")
    return text == "true"


def _return(prefer: str) -> Return | None:
    """Read Prefer: return=...; a preference that is not known is no error. https://www.rfc-editor.org/rfc/rfc7240"""
    for part in prefer.replace(";", ",").split(","):
        name, _, value = part.strip().partition("=")
        for known in ("minimal", "representation", "OperationOutcome"):
            if name.lower() == "return" and value.strip('"').lower() == known.lower():
                return known  # type: ignore[return-value]
    return None
