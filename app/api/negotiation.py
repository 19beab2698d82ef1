"""Formats and preferences of a request: Accept, _format, _pretty, Content-Type, Prefer.

https://hl7.org/fhir/R4/http.html#mime-type
"""

import json
import re
from typing import Literal, NamedTuple

from starlette.requests import Request

from app.errors import NotAcceptable, UnsupportedMedia
from app.fhir.search.query import refuse

_JSON = {"application/fhir+json", "application/json", "text/json"}
_ANY = {"*/*", "application/*"}
Return = Literal["minimal", "representation", "OperationOutcome"]
_RETURNS: tuple[Return, ...] = ("minimal", "representation", "OperationOutcome")
_FORM = "application/x-www-form-urlencoded"
_NUMBER = re.compile(r'"\\u0000(\d+)\\u0000"')
_REFUSED = re.compile(r"q=0(?:\.0*)?")


class Wanted(NamedTuple):
    """How the answer is wanted: indented or not, and what a write gives back."""

    pretty: bool
    returned: Return | None


def wanted(request: Request) -> Wanted:
    """Read what the client wants. Raises NotAcceptable when it takes no JSON."""
    headers = request.headers
    query = request.scope["query_string"]
    accept = ",".join(headers.getlist("accept")) or "*/*"
    if b"_format" in query:
        accept = request.query_params.get("_format") or accept
    if accept != "*/*" and not _takes_json(accept):
        raise NotAcceptable.of(
            "Answers are application/fhir+json; ask for that in Accept or _format.",
            "Kết quả có dạng application/fhir+json; hãy yêu cầu dạng đó trong Accept hoặc _format.",
        )
    pretty = b"_pretty" in query and _flag(request.query_params.get("_pretty", ""))
    return Wanted(pretty, _return(headers.getlist("prefer")))


def require_json(request: Request, *, form: bool = False) -> None:
    """Raise UnsupportedMedia for a body in a format, a character set or a compression that is not read."""
    kind, _, rest = request.headers.get("content-type", "").lower().partition(";")
    if kind.strip() not in ({_FORM} if form else _JSON):
        name = _FORM if form else "application/fhir+json"
        raise UnsupportedMedia.of(
            f"Send {name} and say so in Content-Type.", f"Hãy gửi {name} và ghi rõ trong Content-Type."
        )
    charsets = [part.partition("=")[2].strip(' "') for part in rest.split(";") if part.strip().startswith("charset")]
    if any(charset not in ("utf-8", "utf8") for charset in charsets):
        raise UnsupportedMedia.of("Send UTF-8.", "Hãy gửi UTF-8.")
    if request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise UnsupportedMedia.of("Send the body without compression.", "Hãy gửi nội dung không nén.")


def indent(body: str) -> str:
    """Return JSON for people to read; numbers stay digit by digit."""
    kept: list[str] = []

    def number(text: str) -> str:
        # No stored text holds NUL, so none can be taken for a number's place.
        kept.append(text)
        return f"\x00{len(kept) - 1}\x00"

    text = json.dumps(json.loads(body, parse_float=number, parse_int=number), indent=2, ensure_ascii=False)
    return _NUMBER.sub(lambda match: kept[int(match[1])], text)


def _takes_json(accept: str) -> bool:
    """Say whether JSON is among what is accepted; a plus sign that was not encoded arrives as a blank."""
    for part in accept.lower().split(","):
        kind, *rest = (piece.strip() for piece in part.split(";"))
        if kind.replace(" ", "+") in _JSON | _ANY | {"json"} and not any(_REFUSED.fullmatch(item) for item in rest):
            return True
    return False


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise refuse("_pretty", "must be true or false", "phải là true hoặc false")
    return text == "true"


def _return(prefer: list[str]) -> Return | None:
    """Read Prefer: return=...; a preference that is not known is no error. https://www.rfc-editor.org/rfc/rfc7240"""
    for part in ",".join(prefer).replace(";", ",").split(","):
        name, _, value = part.partition("=")
        for known in _RETURNS if name.strip().lower() == "return" else ():
            if value.strip(' "').lower() == known.lower():
                return known
    return None
