"""Tokens: codes of systems, flags, identifiers. https://hl7.org/fhir/R4/search.html#token"""

from collections.abc import Iterable

from app.fhir.fold import fold
from app.fhir.published.terminology import above, below, value_set_codes
from app.fhir.search.criterion import Criterion
from app.fhir.search.parameter import Parameter
from app.fhir.search.place import Arguments, Place, any_of
from app.fhir.search.refusal import refuse
from app.fhir.search.text import plain, split
from app.fhir.search.values import TEXT, bounded, of_type


def token(criterion: Criterion, _place: Place, arguments: Arguments) -> str:
    """Return the condition of having one of the codes."""
    parameter = criterion.parameter
    if criterion.modifier == "text":
        return _texts(criterion, arguments)
    forms, systems = _forms(criterion)
    column = f'"{parameter.column}"'
    tests = [f"{column} && {arguments.add(forms)}::text[]"] if forms else []
    tests += [f"exists (select from unnest({column}) v where v ^@ {arguments.add(system)}::text)" for system in systems]
    if parameter.absent and parameter.absent in forms:
        tests.append(f"{column} is null")
    test = any_of(tests or ["false"])
    return f"({test}) is not true" if criterion.modifier in ("not", "not-in") else test


def _forms(criterion: Criterion) -> tuple[list[str], list[str]]:
    """Return the kept forms that a criterion looks for, and beginnings of such."""
    parameter, modifier = criterion.parameter, criterion.modifier
    if modifier in ("in", "not-in"):
        return [form for url in plain(criterion.values) for form in _of_value_set(parameter, modifier, url)], []
    if modifier in ("above", "below"):
        return [form for piece in criterion.values for form in _of_hierarchy(parameter, modifier, piece)], []
    if modifier == "of-type":
        return [_typed(parameter, piece) for piece in criterion.values], []
    return token_forms(parameter, criterion.values)


def _texts(criterion: Criterion, arguments: Arguments) -> str:
    """Return the condition that a text beside the code, or a word of it, begins so."""
    column = f'"{criterion.parameter.column}"'
    folded = [fold(value) for value in plain(criterion.values)]
    if not all(folded):
        raise refuse(
            f"{criterion.parameter.name}:text", "must hold a letter or a digit", "phải có ít nhất một chữ hoặc số"
        )
    return any_of(
        f"exists (select from unnest({column}) v where v ^@ {arguments.add(TEXT + value)}::text"
        f" or (v ^@ '{TEXT}' and strpos(v, {arguments.add(' ' + value)}::text) > 0))"
        for value in folded
    )


def _of_value_set(parameter: Parameter, modifier: str, url: str) -> Iterable[str]:
    address, _, version = url.partition("|")
    codes = value_set_codes(address, version)
    if codes is None:
        raise refuse(
            f"{parameter.name}:{modifier}",
            "must be the address of a ValueSet that is held here (GET ValueSet lists them)",
            "phải là địa chỉ của một ValueSet có ở đây (xem GET ValueSet)",
        )
    return [form for system, code in sorted(codes) for form in _coded(parameter, system, code)]


def _of_hierarchy(parameter: Parameter, modifier: str, piece: str) -> Iterable[str]:
    parts = plain(split(piece, "|"))
    system = parts[0] if len(parts) == 2 else parameter.system
    if not system or len(parts) > 2:
        raise refuse(f"{parameter.name}:{modifier}", "must be system|code", "phải là hệ mã|mã")
    found = (above if modifier == "above" else below)(system, parts[-1])
    return [form for code in sorted(found) for form in _coded(parameter, system, code)]


def _coded(parameter: Parameter, system: str, code: str) -> list[str]:
    if not parameter.system:
        return [bounded(f"{system}|{code.lower()}")]
    return [f" {code.lower()}"] if system == parameter.system else []


def _typed(parameter: Parameter, piece: str) -> str:
    parts = plain(split(piece, "|"))
    if len(parts) != 3 or not all(parts):
        raise refuse(
            f"{parameter.name}:of-type",
            "must be system|code|value: the system and code of the identifier's type, and its value",
            "phải là hệ mã|mã|giá trị: hệ mã và mã của loại định danh, và giá trị",
        )
    return of_type(*parts)


def token_forms(parameter: Parameter, pieces: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Return the kept forms to look for, and the beginnings (`system|`, any code)."""
    forms, systems = [], []
    for piece in pieces:
        parts = plain(split(piece, "|"))
        if len(parts) > 2:
            raise refuse(
                parameter.name,
                "must be code, system|code, |code or system|",
                "phải là code, system|code, |code hoặc system|",
            )
        if len(parts) == 1:
            forms.append(bounded(f" {parts[0].lower()}"))
        elif parameter.system:
            forms += [f" {parts[1].lower()}"] if parts[0] == parameter.system and parts[1] else []
            systems += [" "] if parts[0] == parameter.system and not parts[1] else []
        elif parts[1]:
            forms.append(bounded(f"{parts[0]}|{parts[1].lower()}"))
        else:
            systems.append(f"{parts[0]}|")
    return forms, systems
