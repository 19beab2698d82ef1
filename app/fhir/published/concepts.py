"""A code system with its concepts at hand, by code and by their place in its hierarchy.

https://hl7.org/fhir/R4/codesystem.html
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Tree = dict[str, Any]


class Concept(NamedTuple):
    """One concept: its texts by language ("" is the system's own display), what it means, and its neighbours."""

    code: str
    texts: Mapping[str, str]
    definition: str = ""
    parent: str = ""
    children: tuple[str, ...] = ()
    properties: tuple[Tree, ...] = ()

    def display(self, language: str = "") -> str:
        """Return the text in a language (`vi`, `en`), the system's own where it has none in that; "" without any."""
        return self.texts.get(language) or self.texts.get("", "")


class System:
    """A shipped CodeSystem; `tree` is the resource."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.url: str = tree["url"]
        self.version: str = tree.get("version", "")
        self.concepts = {concept.code: concept for concept in _concepts(tree.get("concept", ()), "", _language(tree))}

    def below(self, code: str) -> frozenset[str]:
        """Return a code and everything under it."""
        found, waiting = set(), [code]
        while waiting:
            current = waiting.pop()
            found.add(current)
            known = self.concepts.get(current)
            waiting += known.children if known else ()
        return frozenset(found)

    def above(self, code: str) -> frozenset[str]:
        """Return a code and everything it stands under."""
        found = {code}
        known = self.concepts.get(code)
        while known and known.parent:
            found.add(known.parent)
            known = self.concepts.get(known.parent)
        return frozenset(found)


def _language(tree: Tree) -> str:
    return tree.get("language", "en")


def _concepts(trees: list[Tree], parent: str, language: str) -> Iterator[Concept]:
    for tree in trees:
        inner = tree.get("concept", ())
        yield Concept(
            tree["code"],
            _texts(tree, language),
            tree.get("definition", ""),
            parent,
            tuple(child["code"] for child in inner),
            tuple(tree.get("property", ())),
        )
        yield from _concepts(inner, tree["code"], language)


def _texts(tree: Tree, language: str) -> dict[str, str]:
    display = {"": tree["display"], language: tree["display"]} if "display" in tree else {}
    return display | {item["language"]: item["value"] for item in tree.get("designation", ())}
