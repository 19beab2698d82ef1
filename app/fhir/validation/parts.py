"""What is asked of one member of an element, as small functions the walk is put together from.

https://hl7.org/fhir/R4/json.html#primitive
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from app.fhir import definitions
from app.fhir.validation import narrative, references
from app.fhir.validation.finding import Finding, Findings, below
from app.fhir.validation.primitives import PRIMITIVES
from app.fhir.validation.references import Root
from app.fhir.validation.schema import empty

Check = Callable[[Any, Root], Findings]
"""Looks at an element; places are relative to it."""
Part = Callable[[Any, dict[str, Any], Root], Findings]
"""Looks at a member and, where it must, at the element it stands in; places are relative to the member."""

NOTHING: Findings = ()
_MIME = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+\-]*/[A-Za-z0-9*][A-Za-z0-9!#$&^_.+*\-]*(?:\s*;\s*\S+=.+)*")
_CURRENCY = re.compile(r"[A-Z]{3}")


def single(check: Check) -> Part:
    """Look at one element."""
    return lambda value, _, root: check(value, root)


def each(check: Check) -> Part:
    """Look at every element of a list."""

    def part(values: Any, _: dict[str, Any], root: Root) -> Findings:
        if type(values) is not list:
            return NOTHING
        found = NOTHING
        for index, value in enumerate(values):
            bad = check(value, root)
            if bad:
                found += below(f"[{index}]", bad)
        return found

    return part


def sibling(name: str, check: Check) -> Part:
    """Look at the extensions of a primitive; an id alone is no content where there is no value (ele-1)."""

    def part(value: Any, parent: dict[str, Any], root: Root) -> Findings:
        if type(value) is dict and "extension" not in value and name not in parent:
            return (empty(""),)
        return check(value, root)

    return part


def siblings(name: str, check: Check) -> Part:
    """Look at the extensions of a list of primitives: as long as the list, and never null on both sides."""
    every = each(check)

    def part(values: Any, parent: dict[str, Any], root: Root) -> Findings:
        if type(values) is not list:
            return NOTHING
        beside = parent.get(name, [])
        found = every(values, parent, root)
        if name in parent and type(beside) is list and len(beside) != len(values):
            return (*found, _LENGTHS)
        padded = beside if beside and type(beside) is list else [None] * len(values)
        for index, (own, other) in enumerate(zip(values, padded, strict=False)):
            if other is None and not (isinstance(own, dict) and "extension" in own):
                found += (empty(f"[{index}]"),)
        return found

    return part


def primitives(name: str) -> Part:
    """Look at a list of primitives: null may stand only where the list of extensions has something."""

    def part(values: Any, parent: dict[str, Any], _: Root) -> Findings:
        if type(values) is list and None in values and f"_{name}" not in parent:
            return tuple(empty(f"[{index}]") for index, value in enumerate(values) if value is None)
        return NOTHING

    return part


def whole(kind: str) -> Part:
    """Look at a whole number: 1.0 and 1e2 are decimals, though their values are whole."""
    expected = PRIMITIVES[kind]
    finding = Finding("value", "value", f"Expected {expected.en}.", f"Cần {expected.vi}.")
    return lambda value, _, __: (finding,) if isinstance(value, Decimal | float) else NOTHING


def reference(check: Check, targets: frozenset[str]) -> Check:
    """Look at a Reference that may point at `targets`."""

    def referring(value: Any, root: Root) -> Findings:
        if type(value) is not dict:
            return NOTHING
        return check(value, root) + references.findings(value, targets, root)

    return referring


def simple_quantity(check: Check) -> Check:
    """Look at a SimpleQuantity, which has no comparator (sqty-1)."""

    def quantity(value: Any, root: Root) -> Findings:
        found = check(value, root)
        return (*found, _SQTY_1) if type(value) is dict and "comparator" in value else found

    return quantity


def concept(check: Check, value_set: str) -> Check:
    """Look at a CodeableConcept that must have a code of a value set (a required binding)."""
    allowed = definitions.codes(value_set)
    listed = ", ".join(sorted(code for _, code in allowed))
    finding = Finding("code", "code-invalid", f"One of {listed} was expected.", f"Cần một trong {listed}.")

    def bound(value: Any, root: Root) -> Findings:
        found = check(value, root)
        if type(value) is not dict:
            return found
        rows = value.get("coding")
        rows = rows if type(rows) is list else []
        known = any((str(row.get("system")), str(row.get("code"))) in allowed for row in rows if type(row) is dict)
        return found if known else (*found, finding)

    return bound


def modifiers(_: Any, __: dict[str, Any], ___: Root) -> Findings:
    """Refuse modifier extensions: none is known here, and what is not understood must not be processed."""
    return (_MODIFIER,)


def div(value: Any, _: dict[str, Any], __: Root) -> Findings:
    """Look at the XHTML of a narrative."""
    return narrative.findings(value) if isinstance(value, str) else NOTHING


def _shape(pattern: re.Pattern[str], en: str, vi: str) -> Part:
    finding = Finding("value", "code-invalid", en, vi)
    return lambda value, _, __: (finding,) if isinstance(value, str) and not pattern.fullmatch(value) else NOTHING


MIME = _shape(_MIME, "Expected a MIME type: image/png.", "Cần một kiểu MIME: image/png.")
CURRENCY = _shape(_CURRENCY, "Expected an ISO 4217 code: VND.", "Cần mã tiền tệ ISO 4217: VND.")

_LENGTHS = Finding(
    "ele-1",
    "structure",
    "A list and the list of its extensions must be of one length.",
    "Danh sách và danh sách phần mở rộng của nó phải dài bằng nhau.",
)
_SQTY_1 = Finding(
    "sqty-1", "invariant", "A comparator is not allowed here.", "Ở đây không được dùng comparator.", ".comparator"
)
_MODIFIER = Finding(
    "modifier-extension",
    "extension",
    "This service understands no modifier extension, so it must not process what carries one.",
    "Dịch vụ này không hiểu modifierExtension nào nên không được xử lý dữ liệu có modifierExtension.",
)
