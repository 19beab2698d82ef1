"""Which modifiers a parameter takes, by its kind. https://hl7.org/fhir/R4/search.html#modifiers"""

from collections.abc import Callable

from app.fhir.resource_type import Registry
from app.fhir.search import values
from app.fhir.search.parameter import Parameter

MODIFIERS: dict[str, tuple[str, ...]] = {
    "token": ("missing", "not", "text", "in", "not-in", "above", "below", "of-type"),
    "string": ("missing", "exact", "contains"),
    "date": ("missing",),
    "reference": ("missing", "identifier", "above", "below"),
    "quantity": ("missing",),
    "special": ("missing",),
    "uri": ("missing", "above", "below"),
}


def modifiers(parameter: Parameter, registry: Registry | None = None) -> tuple[str, ...]:
    """Return the modifiers a parameter takes, types of a reference among them.

    With the served types, those of hierarchies only where a type that it may name has one.
    """
    hidden = set(_hidden(parameter))
    if registry is not None and parameter.kind == "reference":
        level = any(name in registry and registry[name].hierarchy for name in parameter.targets)
        hidden |= set() if level else {"above", "below"}
    return tuple(name for name in (*MODIFIERS[parameter.kind], *parameter.targets) if name not in hidden)


def _hidden(parameter: Parameter) -> tuple[str, ...]:
    """Return the modifiers of its kind that mean nothing for this parameter."""
    if parameter.kind == "reference" and parameter.owner and len(parameter.targets) == 1:
        # What belongs to a patient is found by the patient's id alone; no identifier is kept beside it.
        return ("identifier",)
    if parameter.kind == "token":
        return tuple(name for name in MODIFIERS["token"] if name not in ("missing", "not", *_of_token(parameter)))
    return ()


def _of_token(parameter: Parameter) -> tuple[str, ...]:
    """Return the modifiers that what a token is read from gives a meaning to."""
    if parameter.system:
        return ("in", "not-in", "above", "below")
    return _OF_VALUES.get(parameter.values, ())


_CODED = ("text", "in", "not-in", "above", "below")
_OF_VALUES: dict[Callable, tuple[str, ...]] = {
    values.concepts: _CODED,
    values.codings: _CODED,
    values.identifiers: ("text", "of-type"),
}
