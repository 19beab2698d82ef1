"""The addresses of the document, from the shapes that are routed: one for each type and operation that stands there."""

from collections.abc import Iterator

from app.api.handlers.ground import PREFIX
from app.api.openapi.parts import Place
from app.fhir.asked import PUBLISHED
from app.fhir.operations import operations_at
from app.fhir.resource_type import Registry, ResourceType
from app.fhir.search.compartment import kinds

Shape = tuple[str, ...]
_FILLED = {"id": "{id}", "version": "{vid}"}


def places(registry: Registry, shape: Shape) -> Iterator[Place]:
    """Yield the addresses of a shape."""
    instance = "id" in shape
    for kind, published in _types(registry, shape):
        named = {"type": kind.name if kind else "", "published": published}
        if "$operation" in shape:
            for operation in operations_at(kind, published, instance=instance):
                path = _path(shape, {**named, "$operation": f"${operation.name}"})
                yield Place(path, kind, published, operation, instance, _given(shape, published))
        elif "other" in shape:
            for other in _others(registry, kind):
                yield Place(_path(shape, {**named, "other": other}), kind, other, given=_given(shape, ""))
        else:
            yield Place(_path(shape, named), kind, published, instance=instance, given=_given(shape, published))


def _types(registry: Registry, shape: Shape) -> list[tuple[ResourceType | None, str]]:
    if "type" in shape:
        return [(kind, "") for kind in registry]
    return [(None, name) for name in PUBLISHED] if "published" in shape else [(None, "")]


def _others(registry: Registry, kind: ResourceType | None) -> list[str]:
    """Return what may be searched in a compartment, which persons alone have."""
    return ["*", *(item.name for item in kinds(registry))] if kind and kind.is_person else []


def _path(shape: Shape, named: dict[str, str]) -> str:
    return "/".join([PREFIX, *(named.get(part) or _FILLED.get(part, part) for part in shape)])


def _given(shape: Shape, published: str) -> tuple[str, ...]:
    """Return the components of the parameters in the path."""
    ids = f"{published}.id" if published else "job" if shape[:1] == ("_jobs",) else "id"
    names = {"id": ids, "version": "vid"}
    return tuple(names[part] for part in shape if part in names)
