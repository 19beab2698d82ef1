"""FHIR validation on the way in: schema, model and generic rules, for any resource type. https://hl7.org/fhir/R4/validation.html"""

from app.fhir.validation.validator import Validator

__all__ = ["Validator"]
