"""What the shipped code systems and value sets say of a code. https://hl7.org/fhir/R4/terminology-module.html

A canonical may carry its version (`url|2004`); without one the newest shipped is meant. Everything is read from
schemas/ when it is first asked for, and kept.
"""

from functools import cache, lru_cache
from typing import NamedTuple, TypeVar

from app.fhir.published.bindings import bound_systems, bound_value_sets
from app.fhir.published.concepts import Concept, System, Tree
from app.fhir.published.lists import list_systems, list_value_sets
from app.fhir.published.units import unit_systems, unit_value_sets

_T = TypeVar("_T", System, Tree)


class Member(NamedTuple):
    """One code of an expansion, with the system it comes from."""

    system: System
    concept: Concept


def value_set_codes(url: str, version: str = "") -> frozenset[tuple[str, str]] | None:
    """Return the (system, code) pairs of a shipped value set, None for one that is not shipped."""
    found = value_set(url, version)
    return None if found is None else _pairs(found["url"], found.get("version", ""))


def below(system: str, code: str) -> frozenset[str]:
    """Return a code and its descendants; the code alone where the system has no hierarchy here."""
    found = code_system(system)
    return found.below(code) if found else frozenset((code,))


def above(system: str, code: str) -> frozenset[str]:
    """Return a code and its ancestors; the code alone where the system has no hierarchy here."""
    found = code_system(system)
    return found.above(code) if found else frozenset((code,))


def code_system(url: str, version: str = "") -> System | None:
    """Return a shipped code system, None for one that is not shipped."""
    return _newest(_systems(), url, version)


def value_set(url: str, version: str = "") -> Tree | None:
    """Return a shipped ValueSet as a tree, None for one that is not shipped."""
    return _newest(_value_sets(), url, version)


def expansion(tree: Tree) -> tuple[Member, ...]:
    """Return every code of a shipped ValueSet, in order."""
    return _members(tree["url"], tree.get("version", ""))


@cache
def code_system_trees() -> tuple[Tree, ...]:
    """Return every shipped CodeSystem."""
    return (*list_systems(), *unit_systems(), *bound_systems())


@cache
def value_set_trees() -> tuple[Tree, ...]:
    """Return every shipped ValueSet."""
    return (*list_value_sets(), *unit_value_sets(), *bound_value_sets())


@cache
def _systems() -> dict[str, list[System]]:
    """Return the systems by address, the newest version first."""
    found: dict[str, list[System]] = {}
    for tree in code_system_trees():
        found.setdefault(tree["url"], []).append(System(tree))
    return {url: sorted(items, key=lambda item: item.version, reverse=True) for url, items in found.items()}


@cache
def _value_sets() -> dict[str, list[Tree]]:
    found: dict[str, list[Tree]] = {}
    for tree in value_set_trees():
        found.setdefault(tree["url"], []).append(tree)
    return {url: sorted(items, key=lambda item: item.get("version", ""), reverse=True) for url, items in found.items()}


def _newest(known: dict[str, list[_T]], url: str, version: str) -> _T | None:
    bare, _, stated = url.partition("|")
    wanted = version or stated
    return next((item for item in known.get(bare, ()) if wanted in ("", _version(item))), None)


def _version(item: System | Tree) -> str:
    return item.version if isinstance(item, System) else item.get("version", "")


@lru_cache(maxsize=256)
def _pairs(url: str, version: str) -> frozenset[tuple[str, str]]:
    return frozenset((member.system.url, member.concept.code) for member in _members(url, version))


@lru_cache(maxsize=256)
def _members(url: str, version: str) -> tuple[Member, ...]:
    tree = value_set(url, version) or {}
    return tuple(member for include in tree["compose"]["include"] for member in _included(include))


def _included(include: Tree) -> list[Member]:
    """Return what one include of a shipped value set names: a whole system, or the codes it lists."""
    system = code_system(include["system"], include.get("version", ""))
    if system is None:
        raise KeyError(include["system"])
    listed = [item["code"] for item in include["concept"]] if "concept" in include else list(system.concepts)
    return [Member(system, system.concepts[code]) for code in listed]
