"""The terminology operations: which are registered for which shipped type.

https://hl7.org/fhir/R4/terminology-service.html
"""

from app.fhir.operation import Operation
from app.fhir.operations.expand import EXPAND
from app.fhir.operations.lookup import LOOKUP, SUBSUMES
from app.fhir.operations.validate_code import VALIDATE_IN_SET, VALIDATE_IN_SYSTEM

OF_CODE_SYSTEMS: tuple[Operation, ...] = (LOOKUP, VALIDATE_IN_SYSTEM, SUBSUMES)
"""The operations of CodeSystem."""
OF_VALUE_SETS: tuple[Operation, ...] = (EXPAND, VALIDATE_IN_SET)
"""The operations of ValueSet."""
