"""Formats and preferences of a request: Accept, _format, _pretty, Content-Type, Prefer.

https://hl7.org/fhir/R4/http.html#mime-type
"""

import json
import re
from typing import NamedTuple

from starlette.requests import Request

from app.api.preferences import Return, preferences, read_return
from app.api.weighed import weighed
from app.errors import NotAcceptable, UnsupportedMedia
from app.fhir.search.refusal import refuse

_JSON = {"application/fhir+json", "application/json", "text/json"}
_ANY = {"*/*", "application/*"}
_FORM = "application/x-www-form-urlencoded"
_NUMBER = re.compile(r'"\\u0000(\d+)\\u0000"')


class Wanted(NamedTuple):
    """How the answer is wanted: indented or not, what a write gives back, whether a search may be lenient.

    With `asynchronous` the client rather fetches the answer later than waits for it.
    """

    pretty: bool
    returned: Return | None
    lenient: bool = False
    asynchronous: bool = False


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
    prefer = headers.getlist("prefer")
    return _preferring(pretty, preferences(prefer)) if prefer else Wanted(pretty, None)


def _preferring(pretty: bool, found: dict[str, str]) -> Wanted:
    """Return what is wanted; a preference or a value that is not known is no error."""
    returned = read_return(found.get("return", ""))
    return Wanted(pretty, returned, found.get("handling") == "lenient", "respond-async" in found)


def require_json(request: Request, *, form: bool = False) -> None:
    """Raise UnsupportedMedia for a body in a format or a character set that is not read."""
    kind, _, rest = request.headers.get("content-type", "").lower().partition(";")
    if kind.strip() not in ({_FORM} if form else _JSON):
        name = _FORM if form else "application/fhir+json"
        raise UnsupportedMedia.of(
            f"Send {name} and say so in Content-Type.", f"Hãy gửi {name} và ghi rõ trong Content-Type."
        )
    charsets = [part.partition("=")[2].strip(' "') for part in rest.split(";") if part.strip().startswith("charset")]
    if any(charset not in ("utf-8", "utf8") for charset in charsets):
        raise UnsupportedMedia.of("Send UTF-8.", "Hãy gửi UTF-8.")


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
    taken = _JSON | _ANY | {"json"}
    return any(weight > 0 and kind.replace(" ", "+") in taken for kind, weight in weighed(accept).items())


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise refuse("_pretty", "must be true or false", "phải là true hoặc false")
    return text == "true"
