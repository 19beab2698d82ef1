"""Everything FHIR itself asks of a resource, in order and in one list of faults. https://hl7.org/fhir/R4/validation.html"""

from collections.abc import Iterable
from typing import Any

from app.errors import Fault
from app.fhir import definitions
from app.fhir.validation import containment, finding
from app.fhir.validation.finding import Finding, Findings
from app.fhir.validation.model import Model
from app.fhir.validation.references import Root
from app.fhir.validation.schema import Gate
from app.fhir.validation.walk import Walk

MOST_FAULTS = 100


class _Step:
    """The three steps of one resource type."""

    def __init__(self, type_name: str, walk: Walk) -> None:
        self.gate = Gate(type_name)
        self.model = Model(type_name)
        self.walk = walk.top(type_name)


class Validator:
    """Checks resources against FHIR R4; the types named are compiled at once, a contained type when first met."""

    def __init__(self, types: Iterable[str]) -> None:
        """Compile `types`. Raises KeyError for a name that is no resource type of R4."""
        self._walk = Walk(self._inner)
        self._steps = {name: _Step(name, self._walk) for name in types}

    def faults(self, type_name: str, tree: dict[str, Any], parts: dict[str, bytes] | None = None) -> list[Fault]:
        """List every fault of a parsed resource that must be of `type_name`; empty when it is valid.

        `parts` are its members as bytes (json.members): with them, elements that were valid before are known again.
        Each (expression, rule) stands once; after a hundred faults one says that there are more.
        """
        if tree.get("resourceType") != type_name:
            return finding.faults([_wrong_type(type_name)], MOST_FAULTS)
        root = Root(type_name, containment.contained_types(tree) if "contained" in tree else {})
        try:
            found = self._resource(type_name, tree, root, parts or {})
        except RecursionError:
            # Never met below the depth limit of json.parse; other formats may bring a deeper tree.
            found = (_TOO_DEEP,)
        return finding.faults(finding.below(type_name, found), MOST_FAULTS) if found else []

    def _resource(self, type_name: str, tree: dict[str, Any], root: Root, parts: dict[str, bytes]) -> Findings:
        """Check one resource; places are relative to it."""
        step = self._steps.get(type_name)
        if step is None:
            step = self._steps[type_name] = _Step(type_name, self._walk)
        admitted = step.gate.admits(tree)
        known = step.model.known.among(parts) if admitted else {}
        found = step.walk(tree, root, known)
        # Only what the rules have accepted too may be learned.
        learned = {} if found else parts
        outer = step.model.findings(tree, learned, known) if admitted else step.gate.findings(tree, MOST_FAULTS)
        if "contained" in tree:
            found += containment.findings(tree)
        if not outer:
            return found
        placed = [f._replace(place=f.place.removeprefix(type_name)) for f in outer]
        return (*(f for f in placed if not (admitted and _already(f, found))), *found)

    def _inner(self, tree: Any, root: Root) -> Findings:
        """Check a resource inside a resource, with the contained resources of the one around it."""
        if type(tree) is not dict:
            return ()
        type_name = tree.get("resourceType")
        if not isinstance(type_name, str) or type_name not in definitions.type_names():
            return (_UNKNOWN_TYPE,)
        return self._resource(type_name, tree, Root(root.type_name, root.contained, inside=True), {})


def _already(said: Finding, found: Findings) -> bool:
    """Say whether a finding of the model only repeats, at its place or around it, what is known in better words."""
    return any(_around(f.place, said.place) or _around(said.place, f.place) for f in found)


def _around(outer: str, inner: str) -> bool:
    return inner.startswith(outer) and inner[len(outer) :][:1] in ("", ".", "[")


def _wrong_type(type_name: str) -> Finding:
    return Finding(
        "type", "structure", f"resourceType must be {type_name}.", f"resourceType phải là {type_name}.", type_name
    )


_TOO_DEEP = Finding("depth", "too-long", "The resource is nested too deeply.", "Tài nguyên lồng nhau quá sâu.")
_UNKNOWN_TYPE = Finding(
    "type",
    "structure",
    "resourceType must be a resource type of FHIR R4.",
    "resourceType phải là một loại tài nguyên của FHIR R4.",
)
