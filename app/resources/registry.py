"""All served resource types: every file of this package that declares one."""

from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules

import app.resources
from app.fhir.resource_type import Registry, ResourceType


@lru_cache(maxsize=1)
def registry() -> Registry:
    """Return the served types, the person first, then by name; a new file in this package is among them."""
    modules = [
        import_module(f"app.resources.{item.name}")
        for item in iter_modules(app.resources.__path__)
        if item.name != "registry"
    ]
    types = {
        value.name: value for module in modules for value in vars(module).values() if isinstance(value, ResourceType)
    }
    return Registry(sorted(types.values(), key=lambda item: (not item.is_person, item.name)))
