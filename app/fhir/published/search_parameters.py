"""SearchParameters as this service answers them: the published ones narrowed to its types, and its own.

https://hl7.org/fhir/R4/searchparameter.html
"""

from typing import Any

from app.fhir.published.concepts import Tree
from app.fhir.published.lists import CANONICAL
from app.fhir.resource_type import Registry, ResourceType
from app.fhir.search.common import COMMON
from app.fhir.search.described import PREFIXES, in_vietnamese, official
from app.fhir.search.modifiers import modifiers
from app.fhir.search.parameter import Parameter

_ORDERED = ("date", "quantity", "number")
# Modifiers whose code in a SearchParameter is not how they are written in an address.
_CODES = {"of-type": "ofType"}
Use = tuple[ResourceType, Parameter]


def search_parameters(registry: Registry) -> list[Tree]:
    """Return every search parameter that some served type answers, each once."""
    uses: dict[str, list[Use]] = {}
    for kind in registry:
        for parameter in (*COMMON, *kind.search):
            uses.setdefault(address(kind, parameter), []).append((kind, parameter))
    return [_definition(registry, url, found) for url, found in uses.items()]


def address(kind: ResourceType, parameter: Parameter) -> str:
    """Return the canonical address of a search parameter: the published one, or the service's own."""
    published = official(kind, parameter)
    return published["url"] if published else f"{CANONICAL}/SearchParameter/{kind.name}-{parameter.name}"


def _definition(registry: Registry, url: str, uses: list[Use]) -> Tree:
    kind, parameter = uses[0]
    bases = [used.name for used, _ in uses]
    published = official(kind, parameter)
    made: dict[str, Any] = {
        "resourceType": "SearchParameter",
        "id": url.rpartition("/")[2],
        "url": url,
        "version": "4.0.1" if published else "0.1.0",
        "name": parameter.name,
        "status": "draft" if published else "active",
        "description": _description(published, parameter),
        "code": parameter.name,
        "base": bases,
        "type": parameter.kind,
    }
    expression = _expression(published, bases) if published else _own_expression(uses)
    if expression:
        made["expression"] = expression
    targets = sorted({target for _, used in uses for target in used.targets})
    if targets:
        made["target"] = targets
    made |= {"multipleOr": True, "multipleAnd": True}
    if parameter.kind in _ORDERED:
        made["comparator"] = list(PREFIXES)
    return {**made, "modifier": _taken(registry, uses)}


def _taken(registry: Registry, uses: list[Use]) -> list[str]:
    """Return the codes of the modifiers that are taken wherever the parameter is; types of a reference are one."""
    first, *others = (modifiers(used, registry) for _, used in uses)
    shared = [name for name in first if all(name in other for other in others)]
    plain = [_CODES.get(name, name) for name in shared if name[0].islower()]
    return [*plain, *(["type"] if len(plain) < len(shared) else [])]


def _description(published: Tree | None, parameter: Parameter) -> str:
    text = (published or {}).get("description", "").strip() or parameter.name
    vi = in_vietnamese().get(parameter.name, "")
    return f"{text}\n\n*Tiếng Việt:* {vi}." if vi else text


def _expression(published: Tree, bases: list[str]) -> str:
    """Return the parts of the published expression that begin at a served type, all where it is of every resource."""
    parts = published.get("expression", "").split(" | ")
    shared = [part for part in parts if part.lstrip("(").partition(".")[0] in (*bases, "Resource", "DomainResource")]
    return " | ".join(shared)


def _own_expression(uses: list[Use]) -> str:
    return " | ".join(f"{kind.name}.{path.partition('[')[0]}" for kind, parameter in uses for path in parameter.paths)
