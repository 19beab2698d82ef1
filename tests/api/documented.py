"""The OpenAPI document as the tests read it."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from app.api.application import application
from app.api.openapi.route import written
from app.config import Settings
from app.resources.registry import registry

FILE = Path(__file__).parents[2] / "schemas" / "openapi.json"
METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
Tree = dict[str, Any]


@cache
def made() -> bytes:
    """Return the document as the program makes it with the default settings, laid out as in the file."""
    return written(application(Settings(), "postgresql://nowhere"), registry(), Settings(), indent=1) + b"\n"


def read() -> Tree:
    """Return the document."""
    return json.loads(made())


def operations(document: Tree) -> Iterator[tuple[str, str, Tree]]:
    """Yield path, method and operation, the parameters of the path included."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, {**item[method], "parameters": parameters(item) + parameters(item[method])}


def parameters(item: Tree) -> list[Tree]:
    return item.get("parameters", [])


def resolved(document: Tree, item: Tree) -> Tree:
    """Return what a reference of the document stands for."""
    if "$ref" not in item:
        return item
    found: Any = document
    for step in item["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return found


def every(tree: Any, key: str) -> Iterator[Any]:
    """Yield each value of a member of this name, however deep."""
    for name, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        if name == key:
            yield value
        if isinstance(value, dict | list):
            yield from every(value, key)


def validator(document: Tree, schema: Tree) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]})
