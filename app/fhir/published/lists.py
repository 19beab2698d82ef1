"""Vietnamese code lists: one CodeSystem a file, and a ValueSet of all its codes. schemas/terminology/README.md"""

from typing import Any

from app.fhir.published.concepts import Tree
from app.fhir.published.files import read_folder

CANONICAL = "https://tramy.vn/fhir"
"""Where the canonical addresses of what this project defines begin."""
_SAME = ("language", "version", "name", "title", "status", "date", "publisher", "description", "copyright")


def list_systems() -> list[Tree]:
    """Return the code systems as they stand in the files."""
    return [tree for tree in read_folder("terminology") if tree["resourceType"] == "CodeSystem"]


def list_value_sets() -> list[Tree]:
    """Return a value set for each code system, of all its codes."""
    return [all_codes(tree) for tree in list_systems()]


def all_codes(system: Tree) -> Tree:
    """Return the value set of all codes of a code system; its address is what the system's `valueSet` says."""
    include: dict[str, Any] = {"system": system["url"]}
    if "version" in system:
        include["version"] = system["version"]
    return {
        "resourceType": "ValueSet",
        "id": system["id"],
        "url": system["valueSet"],
        **{name: system[name] for name in _SAME if name in system},
        "compose": {"include": [include]},
    }
