"""The generic rules, compiled once into one table per definition and walked over a parsed resource.

https://hl7.org/fhir/R4/element.html, https://hl7.org/fhir/R4/extensibility.html
"""

from collections.abc import Callable, Container
from typing import Any

from app.fhir import definitions
from app.fhir.definitions import Element, Facts
from app.fhir.validation import parts, schema
from app.fhir.validation.finding import Finding, Findings, below
from app.fhir.validation.invariants import INVARIANTS, Rule
from app.fhir.validation.parts import NOTHING, Check, Part
from app.fhir.validation.references import Root

_WHOLE = ("integer", "positiveInt", "unsignedInt")
# Required bindings to whole code systems that no list can hold: their shape is checked.
_SHAPES = {
    ("Attachment", "contentType"): parts.MIME,
    ("Signature", "sigFormat"): parts.MIME,
    ("Signature", "targetFormat"): parts.MIME,
    ("Money", "currency"): parts.CURRENCY,
}
Whole = Callable[[dict[str, Any]], Findings]
Top = Callable[[dict[str, Any], Root, Container[str]], Findings]


class Walk:
    """The compiled tables; definitions are compiled when first reached, and refer to themselves freely."""

    def __init__(self, inner: Check) -> None:
        """Take what looks at a resource inside a resource."""
        self._inner = inner
        self._checks: dict[str, Check] = {}
        self._tables: dict[str, dict[str, tuple[str, Part]]] = {}

    def check(self, name: str) -> Check:
        """Give the check of a definition, with everything below it."""
        if name == "ResourceList":
            return self._inner
        if name not in self._checks:
            table = self._tables[name] = {}
            self._checks[name] = _element(table, _wholes(name), INVARIANTS.get(name, ()))
            facts = definitions.facts(name)
            for member, element in definitions.elements(name).items():
                part = self._part(name, member, element, facts)
                if part is not None:
                    table[member] = (f".{element.name}", part)
        return self._checks[name]

    def top(self, name: str) -> Top:
        """Give the check of a resource that leaves out the members that are known to be valid."""
        self.check(name)
        table, wholes, rules = self._tables[name], _wholes(name), INVARIANTS.get(name, ())

        def check(tree: dict[str, Any], root: Root, known: Container[str]) -> Findings:
            found = NOTHING
            for member, value in tree.items():
                entry = table.get(member)
                if entry is not None and member not in known:
                    bad = entry[1](value, tree, root)
                    if bad:
                        found += below(entry[0], bad)
            return found + _whole(tree, wholes, rules)

        return check

    def _part(self, name: str, member: str, element: Element, facts: Facts) -> Part | None:
        if member == "modifierExtension":
            return parts.modifiers
        if element.kind == "xhtml":
            return parts.div
        if element.sibling:
            build = parts.siblings if element.repeats else parts.sibling
            return build(member[1:], self.check("Element"))
        if definitions.is_primitive(element.kind):
            return _primitive(name, member, element)
        check = self._child(member, element, facts)
        return parts.each(check) if element.repeats else parts.single(check)

    def _child(self, member: str, element: Element, facts: Facts) -> Check:
        check = self.check(element.kind)
        if element.kind == "Reference":
            return parts.reference(check, facts.targets.get(member, frozenset()))
        if member in facts.simple:
            return parts.simple_quantity(check)
        if member in facts.concepts:
            return parts.concept(check, facts.concepts[member])
        return check


def _primitive(name: str, member: str, element: Element) -> Part | None:
    if element.repeats:
        return parts.primitives(member)
    if element.kind in _WHOLE:
        return parts.whole(element.kind)
    return _SHAPES.get((name, member))


def _element(table: dict[str, tuple[str, Part]], wholes: tuple[Whole, ...], rules: tuple[Rule, ...]) -> Check:
    def check(tree: Any, root: Root) -> Findings:
        if type(tree) is not dict:
            return NOTHING
        found = NOTHING
        for member, value in tree.items():
            entry = table.get(member)
            if entry is not None:
                bad = entry[1](value, tree, root)
                if bad:
                    found += below(entry[0], bad)
        return found + _whole(tree, wholes, rules)

    return check


def _whole(tree: dict[str, Any], wholes: tuple[Whole, ...], rules: tuple[Rule, ...]) -> Findings:
    """Look at an element as a whole: what must be there, what must not be together, its invariants."""
    found = NOTHING
    for whole in wholes:
        found += whole(tree)
    for rule in rules:
        if rule.broken(tree):
            found += (rule.finding(),)
    return found


def _wholes(name: str) -> tuple[Whole, ...]:
    """Compile what is asked of an element as a whole: required elements, one of a choice, some content."""
    facts = definitions.facts(name)
    found: list[Whole] = [_required(element, _spellings(name, element, facts)) for element in facts.required]
    found += [_one_of(choice, names) for choice, names in facts.choices.items()]
    if name == "Extension":
        found.append(_ext_1)
    elif name not in (*definitions.type_names(), "Element"):
        found.append(_ele_1)
    return tuple(found)


def _spellings(name: str, element: str, facts: Facts) -> frozenset[str]:
    """List the members that make an element exist: its types if it is a choice, and a primitive's extensions."""
    if name == "Extension":
        return frozenset((element,))
    names = facts.choices.get(element, (element,))
    return frozenset((*names, *(f"_{n}" for n in names)))


def _required(element: str, members: frozenset[str]) -> Whole:
    missing: Findings = (schema.required(f".{element}"),)
    return lambda tree: missing if members.isdisjoint(tree) else NOTHING


def _one_of(choice: str, names: tuple[str, ...]) -> Whole:
    members = frozenset((*names, *(f"_{n}" for n in names)))
    listed = ", ".join(names)
    several: Findings = (
        Finding("choice", "structure", f"Only one of: {listed}.", f"Chỉ được một trong: {listed}.", f".{choice}"),
    )

    def whole(tree: dict[str, Any]) -> Findings:
        present = members.intersection(tree)
        return several if len(present) > 1 and len({n.removeprefix("_") for n in present}) > 1 else NOTHING

    return whole


def _ele_1(tree: dict[str, Any]) -> Findings:
    return (schema.empty(""),) if len(tree) == 1 and "id" in tree else NOTHING


def _ext_1(tree: dict[str, Any]) -> Findings:
    valued = any(member.startswith(("value", "_value")) for member in tree)
    return (_EXT_1,) if valued == ("extension" in tree) else NOTHING


_EXT_1 = Finding(
    "ext-1",
    "invariant",
    "An extension has either a value or extensions of its own.",
    "Phần mở rộng phải có hoặc giá trị, hoặc các phần mở rộng con, không cả hai.",
)
