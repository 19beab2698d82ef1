"""The fhir.resources model of a type (R4B, the same as R4 for the types taken here), and its refusals put into words.

https://github.com/nazrulworld/fhir.resources
"""

from importlib import import_module
from typing import Any

from fhir_core.fhirabstractmodel import FHIRAbstractModel
from pydantic import ValidationError

from app.fhir import definitions
from app.fhir.validation import schema
from app.fhir.validation.finding import Finding
from app.fhir.validation.known import Known

# The schema has refused nulls in lists before the model is asked, and the model's own look for them costs a third of
# its time. Models take their validators from this class when they are imported, which is done further below.
FHIRAbstractModel.__pydantic_decorators__.model_validators.pop("reject_null_complex_elements", None)

_MISSING = ("missing", "model_field_validation.missing")
_HOLDERS = ("Bundle", "Parameters")


class Model:
    """Checks one resource without its contained resources, which are checked by models of their own."""

    def __init__(self, type_name: str) -> None:
        """Import the model; a type that R4B changed or dropped has none, and the other steps decide alone."""
        self._type = type_name
        self._model = _find(type_name)
        self._names = (
            {field.alias or name: name for name, field in self._model.model_fields.items()} if self._model else {}
        )
        self.known = Known()

    def findings(self, tree: dict[str, Any], parts: dict[str, bytes], known: dict[str, Any]) -> list[Finding]:
        """List what the model has against a `tree` the schema admits, without any submitted value.

        `known` are members as the model has made them before; `parts` are the members as bytes, to be learned.
        """
        if self._model is None:
            return []
        tree = {**tree, **known}
        tree.pop("contained", None)
        try:
            made = self._model.model_validate(tree)
        except ValidationError as error:
            rows = error.errors(include_input=False, include_url=False, include_context=False)
            return [self._explain(row["loc"], row["type"]) for row in rows]
        except (KeyError, TypeError, AttributeError):
            # The library lets these out for what it did not foresee: they are refusals too, at the resource as a whole.
            return [_unreadable(self._type)]
        self.known.learn(parts, self._names, made, known)
        return []

    def _explain(self, loc: tuple[str | int, ...], kind: str) -> Finding:
        place, _ = definitions.locate(self._type, loc)
        return schema.required(place) if kind in _MISSING else _unreadable(place)


def _find(type_name: str) -> type[FHIRAbstractModel] | None:
    """Find the model whose elements are those of R4; what Bundle and Parameters hold has models of its own."""
    if type_name in _HOLDERS:
        return None
    try:
        model = getattr(import_module(f"fhir.resources.R4B.{type_name.lower()}"), type_name)
    except ImportError:
        return None
    known = {field.alias for field in model.model_fields.values()}
    return model if set(definitions.elements(type_name)) <= known else None


def _unreadable(place: str) -> Finding:
    return Finding(
        "model",
        "structure",
        "This does not have the structure FHIR gives it.",
        "Nội dung này không đúng cấu trúc mà FHIR quy định.",
        place,
    )
