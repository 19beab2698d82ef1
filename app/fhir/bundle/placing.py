"""Where a fault lies in a bundle, as FHIRPath. https://hl7.org/fhir/R4/operationoutcome.html"""

from app.errors import TramyError
from app.fhir.bundle.entries import Entry


def at_entry(error: TramyError, entry: Entry) -> TramyError:
    """Return the error with its faults placed at the entry."""
    return type(error)(fault._replace(expression=_place(fault.expression, entry)) for fault in error.faults)


def _place(expression: str, entry: Entry) -> str:
    kind = entry.asked.kind
    if expression.startswith(entry.place):
        return expression
    if kind and (expression == kind.name or expression.startswith((f"{kind.name}.", f"{kind.name}["))):
        return f"{entry.place}.resource{expression.removeprefix(kind.name)}"
    if expression.startswith("operation["):
        return f"{entry.place}.resource.{expression}"
    return entry.place
