"""References: by address, by id, by the identifier that stands in them. https://hl7.org/fhir/R4/search.html#reference"""

from app.fhir.search.criterion import Criterion
from app.fhir.search.place import Arguments, Place, any_of
from app.fhir.search.refusal import refuse
from app.fhir.search.text import plain


def reference(criterion: Criterion, place: Place, arguments: Arguments) -> str:
    """Return the condition of naming one of the records."""
    parameter = criterion.parameter
    column = f'"{parameter.column}"'
    if criterion.modifier == "identifier":
        if parameter.owner and len(parameter.targets) == 1:
            raise refuse(f"{parameter.name}:identifier", "is not supported here", "không được hỗ trợ ở đây")
        return f"{column} && {arguments.add([f' {value}' for value in plain(criterion.values)])}::text[]"
    targets = [target for value in plain(criterion.values) for target in _targets(criterion, value, place)]
    tests = []
    if parameter.owner:
        mark = f"{parameter.owner}/"
        owners = [target.removeprefix(mark) for target in targets if target.startswith(mark)]
        tests.append(f"patient_id = any({arguments.add(owners)}::text[])")
    if parameter.columns():
        tests.append(f"{column} && {arguments.add(targets)}::text[]")
    return any_of(tests)


def _targets(criterion: Criterion, value: str, place: Place) -> list[str]:
    """Return the stored references that a value means: relative and with this server's address."""
    relative = value.removeprefix(f"{place.base}/") if place.base else value
    if "/" in relative or ":" in relative:
        return [relative, f"{place.base}/{relative}"] if place.base and ":" not in relative else [relative]
    types = (criterion.modifier,) if criterion.modifier else criterion.parameter.targets
    named = [f"{name}/{relative}" for name in types]
    return [*named, *(f"{place.base}/{name}" for name in named)] if place.base else named
