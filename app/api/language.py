"""The language a client asks for in Accept-Language, of the two that are spoken here.

https://www.rfc-editor.org/rfc/rfc9110#field.accept-language
"""

from contextlib import AbstractContextManager
from functools import partial
from operator import itemgetter

from starlette.datastructures import Headers
from starlette.types import Scope

from app.api.weighed import weighed
from app.fhir.language import Language, telling

_SPOKEN: tuple[Language, ...] = ("vi", "en")


def answering(scope: Scope) -> AbstractContextManager[None]:
    """Tell errors in the language of this request for as long as it is answered."""
    return telling(partial(_asked, scope))


def _asked(scope: Scope) -> Language | None:
    return preferred(",".join(Headers(scope=scope).getlist("accept-language")))


def preferred(accept: str) -> Language | None:
    """Return the language with the greatest weight, the first of equals; None where neither is named or taken.

    `vi-VN` is Vietnamese. `*` stands for each that is not named, so that `*, vi;q=0` is English.
    """
    named: dict[str, float] = {}
    for item, weight in weighed(accept).items():
        tongue = item.partition("-")[0]
        named[tongue] = max(weight, named.get(tongue, 0.0))
    if not named.keys() & set(_SPOKEN):
        return None
    weights: dict[Language, float] = {tongue: named.get(tongue, named.get("*", 0.0)) for tongue in _in_order(named)}
    best, weight = max(weights.items(), key=itemgetter(1))
    return best if weight > 0 else None


def _in_order(named: dict[str, float]) -> list[Language]:
    """Return the languages in the order in which they are named, then those that only `*` covers."""
    places = {tongue: place for place, tongue in enumerate(named)}
    return sorted(_SPOKEN, key=lambda tongue: places.get(tongue, len(places)))
