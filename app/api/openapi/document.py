"""The whole document: FHIR routes from their declarations, the other routes as FastAPI describes them.

https://spec.openapis.org/oas/v3.1.1.html
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from app.api.health import PREFIX as HEALTH
from app.api.openapi import audited, called, headers, lists, parameters, published, records, results, security, waiting
from app.api.openapi.errors import documented, response
from app.api.openapi.interactions import methods, operation
from app.api.openapi.introduction import info
from app.api.openapi.parts import SYSTEM, Context
from app.api.openapi.places import places
from app.api.openapi.schemas import ref, resource_schemas
from app.api.rates import GUARDED
from app.config import Settings
from app.fhir.asked import PUBLISHED, ROUTES
from app.fhir.interactions.capabilities import VERSION
from app.fhir.resource_type import Registry
from app.fhir.search.compartment import kinds
from app.fhir.search.described import Bilingual

Item = dict[str, Any]
_INFRASTRUCTURE = ("Bundle", "OperationOutcome", "Parameters")
_GENERATED_ERRORS = {"HTTPValidationError", "ValidationError"}


def document(registry: Registry, settings: Settings, routes: Sequence[BaseRoute]) -> Item:
    """Return the OpenAPI document of the FHIR interface and of FastAPI's `routes`."""
    errors = documented(registry, settings)
    context = Context(registry, settings, {item.name: item.status for item in errors})
    generated = get_openapi(title="Tramy", version=VERSION, routes=routes)
    others = generated.get("paths", {})
    return {
        "openapi": "3.1.0",
        "info": info(registry, errors),
        "servers": [{"url": "/"}],
        "tags": [*_tags(registry), *_tags_of(others)],
        "paths": {**_fhir_paths(context), **audited.paths(context), **_with_errors(others, security.rules(routes))},
        "components": {
            "securitySchemes": security.schemes(),
            "schemas": {**_schemas(registry), **_own_schemas(generated)},
            "parameters": _parameters(registry, settings),
            "headers": headers.ANSWERED,
            "requestBodies": _bodies(context),
            "responses": {**_answers(registry), **{item.name: response(item) for item in errors}},
        },
    }


def _fhir_paths(context: Context) -> dict[str, Item]:
    found = {
        place.path: {
            method.lower(): operation(context, place, name, method) for method, name in methods(place, routed).items()
        }
        for shape, routed in ROUTES.items()
        for place in places(context.registry, shape)
    }
    return dict(sorted(found.items()))


def _parameters(registry: Registry, settings: Settings) -> dict[str, Item]:
    served = [kind.name for kind in registry]
    held = [kind.name for kind in kinds(registry)]
    return {
        **parameters.components(registry, settings),
        **headers.components(registry.person),
        **results.components(settings),
        "_type": results.chosen_types(served),
        "_type.compartment": results.chosen_types(held),
        **published.components(registry),
        **called.components(registry),
        **waiting.components(),
    }


def _answers(registry: Registry) -> dict[str, Item]:
    """Return the answers that operations share, by their names among the components."""
    found = {"NotModified": records.not_modified(), "Deleted": records.deleted(), **waiting.responses()}
    for kind in registry:
        found |= {**records.responses(kind), **lists.responses(kind)}
    for name in PUBLISHED:
        found |= published.responses(name)
    return found


def _bodies(context: Context) -> dict[str, Item]:
    own = {name: body for kind in context.registry for name, body in records.bodies(kind).items()}
    return {**own, **lists.bodies(context)}


def _schemas(registry: Registry) -> dict[str, Item]:
    schemas = resource_schemas([*(kind.name for kind in registry), *_INFRASTRUCTURE, *PUBLISHED])
    for kind in registry:
        schema = schemas[kind.name]
        schemas[kind.name] = {**schema, "title": f"{kind.title} · {kind.title_vi}"}
    return schemas


def _own_schemas(generated: Item) -> dict[str, Item]:
    found = generated.get("components", {}).get("schemas", {})
    return {name: schema for name, schema in found.items() if name not in _GENERATED_ERRORS}


def _with_errors(paths: dict[str, Item], rules: Mapping[tuple[str, str], str]) -> dict[str, Item]:
    """Return FastAPI's paths with the errors this service really answers in place of FastAPI's own 422.

    The health checks state all of theirs: they report a database that is away and do not fail of it.
    """
    return {
        path: {
            method: security.of_route(path, rules.get((path, method)), {**item, "responses": _responses(path, item)})
            for method, item in methods.items()
        }
        for path, methods in paths.items()
    }


def _responses(path: str, operation: Item) -> Item:
    if path.startswith(HEALTH):
        return operation["responses"]
    stated = {status: item for status, item in operation["responses"].items() if not _is_generated(item)}
    names = {"500": "Unexpected", "503": "Unavailable"}
    names |= {"400": "BadParameter"} if operation.get("parameters") or "requestBody" in operation else {}
    names |= {"408": "TooSlow"} if "requestBody" in operation else {}
    names |= {"404": "NotFound"} if "{" in path else {}
    names |= {"429": "TooMany"} if path.startswith(GUARDED) else {}
    shared = {status: {"$ref": f"#/components/responses/{name}"} for status, name in names.items()}
    return dict(sorted({**shared, **stated}.items()))


def _is_generated(item: Item) -> bool:
    schema = item.get("content", {}).get("application/json", {}).get("schema", {})
    return schema == ref("HTTPValidationError")


def _tags(registry: Registry) -> list[Item]:
    system = Bilingual("Bundles, and what the service can do.", "Gửi nhiều hồ sơ, và khả năng của hệ thống.")
    types = [{"name": kind.name, "description": str(Bilingual(kind.title, kind.title_vi))} for kind in registry]
    shipped = [{"name": name, "description": str(published.SHIPPED)} for name in PUBLISHED]
    events = Bilingual("Who did what.", "Ai đã làm gì.")
    audit = {"name": "AuditEvent", "description": str(events)}
    return [{"name": SYSTEM, "description": str(system)}, *types, *shipped, audit]


def _tags_of(paths: dict[str, Item]) -> list[Item]:
    names = (tag for methods in paths.values() for item in methods.values() for tag in item.get("tags", ()))
    return [{"name": name} for name in dict.fromkeys(names)]
