"""Which route a request took, as a template without anything that a client made up."""

from functools import lru_cache

from starlette.types import Scope

from app.api.fhir import path_of, within
from app.api.handlers.ground import PREFIX
from app.fhir.asked import PUBLISHED
from app.fhir.operations import EVERYWHERE, OF_PERSONS, OF_PUBLISHED
from app.resources.registry import registry

UNKNOWN = "?"
_PLACES = ("{type}", "{id}", "{part}", "{version}")


def route_of(scope: Scope) -> str:
    """Return the route of a request that has been answered, such as `/fhir/Patient/{id}`; `?` where there is none."""
    if within(scope):
        segments = path_of(scope).strip("/").split("/")
        if len(segments) > len(_PLACES):
            return f"{PREFIX}/{UNKNOWN}"
        known = _words()
        shown = (part if part in known else place for part, place in zip(segments, _PLACES, strict=False) if part)
        return "/".join((PREFIX, *shown))
    route = scope.get("route")
    return getattr(route, "path", UNKNOWN) if route is not None else UNKNOWN


@lru_cache(maxsize=1)
def _words() -> frozenset[str]:
    fixed = {"metadata", "_search", "_history", "_jobs"}
    own = (operation for kind in registry() for operation in kind.operations)
    shared = (operation for listed in OF_PUBLISHED.values() for operation in listed)
    operations = (f"${item.name}" for item in (*EVERYWHERE, *OF_PERSONS, *own, *shared))
    return frozenset({*fixed, *PUBLISHED, *(kind.name for kind in registry()), *operations})
