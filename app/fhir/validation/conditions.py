"""When an invariant of a data type or resource type is broken: predicates on one element, true when it is.

They bear the invariants' keys. https://hl7.org/fhir/R4/datatypes.html
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from app.fhir.validation.moments import reversed_for_certain

Tree = dict[str, Any]
Broken = Callable[[Tree], bool]
_UCUM = "http://unitsofmeasure.org"
_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_ENDED = ("inactive", "resolved", "remission")


def has(tree: Tree, name: str) -> bool:
    """Say whether an element exists: a value, or the extensions of a primitive without one."""
    return name in tree or f"_{name}" in tree


def without(name: str, needed: str) -> Broken:
    """Make the predicate: `name` exists and what it needs does not."""
    return lambda tree: has(tree, name) and not has(tree, needed)


def either(*names: str) -> Broken:
    """Make the predicate: none of `names` exists."""
    return lambda tree: not any(has(tree, name) for name in names)


def negative(name: str) -> Broken:
    """Make the predicate: the value is below 0."""
    return lambda tree: isinstance(value := tree.get(name), int | Decimal) and value < 0


def one(first: str, second: str) -> Broken:
    """Make the predicate: both exist, or neither."""
    return lambda tree: has(tree, first) == has(tree, second)


def per_1(tree: Tree) -> bool:
    """The period ends before it starts, for certain."""
    start, end = tree.get("start"), tree.get("end")
    return isinstance(start, str) and isinstance(end, str) and reversed_for_certain(start, end)


def _same_unit(low: Tree, high: Tree) -> bool:
    return all(low.get(name) == high.get(name) for name in ("system", "code", "unit"))


def rng_2(tree: Tree) -> bool:
    """Compare only what is in one unit: grams and kilograms are not compared by their numbers."""
    low, high = tree.get("low"), tree.get("high")
    if not (isinstance(low, dict) and isinstance(high, dict) and _same_unit(low, high)):
        return False
    least, most = low.get("value"), high.get("value")
    return isinstance(least, int | Decimal) and isinstance(most, int | Decimal) and most < least


def rat_1(tree: Tree) -> bool:
    """One half of the ratio is missing, or both and there is no extension."""
    return has(tree, "numerator") != has(tree, "denominator") or not (has(tree, "numerator") or "extension" in tree)


def _not_ucum(tree: Tree) -> bool:
    return has(tree, "system") and tree.get("system") != _UCUM


def coded(tree: Tree) -> bool:
    """Say whether a measure breaks what Age, Count and Distance share: a value has a code, and the code is UCUM."""
    return without("value", "code")(tree) or _not_ucum(tree)


def age_1(tree: Tree) -> bool:
    """The age is not UCUM with a code, or not above 0."""
    value = tree.get("value")
    return coded(tree) or (isinstance(value, int | Decimal) and value <= 0)


def cnt_3(tree: Tree) -> bool:
    """The count is not UCUM with code 1, or not whole."""
    value = tree.get("value")
    return coded(tree) or (has(tree, "code") and tree.get("code") != "1") or isinstance(value, Decimal)


def drt_1(tree: Tree) -> bool:
    """The duration has a code that is not UCUM, or no value beside it."""
    return has(tree, "code") and (tree.get("system") != _UCUM or not has(tree, "value"))


def tim_9(tree: Tree) -> bool:
    """There is an offset without when, or with a meal as such."""
    when = tree.get("when")
    if not has(tree, "offset"):
        return False
    meals = isinstance(when, list) and any(code in ("C", "CM", "CD", "CV") for code in when)
    return meals or not has(tree, "when")


def trd_3(tree: Tree) -> bool:
    """The type asks for what is not there."""
    kind = tree.get("type")
    if kind == "named-event":
        return not has(tree, "name")
    if kind == "periodic":
        return not any(name.lstrip("_").startswith("timing") for name in tree)
    return isinstance(kind, str) and kind.startswith("data-") and not has(tree, "data")


def any_home(name: str) -> Broken:
    """Make the predicate: an address or telecom is of use home."""

    def broken(tree: Tree) -> bool:
        values = tree.get(name)
        return isinstance(values, list) and any(isinstance(v, dict) and v.get("use") == "home" for v in values)

    return broken


def coding(tree: Tree, element: str, system: str) -> list[str]:
    """List the codes of one system in a CodeableConcept."""
    concept = tree.get(element)
    listed = concept.get("coding") if isinstance(concept, dict) else None
    rows = listed if isinstance(listed, list) else []
    return [row["code"] for row in rows if isinstance(row, dict) and row.get("system") == system and "code" in row]


def con_4(tree: Tree) -> bool:
    """The condition has abated and its clinicalStatus does not say so."""
    ended = any(name.lstrip("_").startswith("abatement") for name in tree)
    return ended and not any(code in _ENDED for code in coding(tree, "clinicalStatus", _CLINICAL))


def con_5(tree: Tree) -> bool:
    """The condition was entered in error and still has a clinicalStatus."""
    return "clinicalStatus" in tree and "entered-in-error" in coding(tree, "verificationStatus", _VERIFICATION)
