"""The code lists that R4 binds as required, with their systems as far as those lists go.

The publication gives the codes (schemas/fhir/required-bindings.json); the texts of those that served records use are in
schemas/terminology/r4-texts.json. https://hl7.org/fhir/R4/terminologies-valuesets.html
"""

from functools import cache
from itertools import groupby

from app.fhir.definitions import elements
from app.fhir.published.concepts import Tree
from app.fhir.published.files import read_json

_R4 = "http://hl7.org/fhir"
_VERSION = "4.0.1"
_COPYRIGHT = "HL7 FHIR R4 (4.0.1), CC0-1.0; texts in Vietnamese: Tramy"
# Bindings of data types: value set by the definition and element that has its codes.
_OF_DATA_TYPES = {
    "address-type": ("Address", "type"),
    "address-use": ("Address", "use"),
    "contact-point-system": ("ContactPoint", "system"),
    "contact-point-use": ("ContactPoint", "use"),
    "identifier-use": ("Identifier", "use"),
    "name-use": ("HumanName", "use"),
    "narrative-status": ("Narrative", "status"),
    "quantity-comparator": ("Quantity", "comparator"),
}


@cache
def _lists() -> dict[str, list[tuple[str, str]]]:
    """Return (system, code) pairs by the address of the value set."""
    bound: dict[str, list[Tree]] = read_json("fhir", "required-bindings.json")
    found = {url: sorted((row["system"], row["code"]) for row in rows) for url, rows in bound.items()}
    for name, (kind, member) in _OF_DATA_TYPES.items():
        found[f"{_R4}/ValueSet/{name}"] = [(f"{_R4}/{name}", code) for code in elements(kind)[member].codes]
    return found


def bound_value_sets() -> list[Tree]:
    """Return the bound value sets."""
    return [_value_set(url, pairs) for url, pairs in _lists().items()]


def bound_systems() -> list[Tree]:
    """Return the systems of those value sets, as fragments: no more of them is shipped than is bound."""
    codes: dict[str, dict[str, None]] = {}
    for pairs in _lists().values():
        for system, code in pairs:
            codes.setdefault(system, {})[code] = None
    return [_system(url, sorted(found)) for url, found in codes.items()]


def _value_set(url: str, pairs: list[tuple[str, str]]) -> Tree:
    name = url.rpartition("/")[2]
    include = [
        {"system": system, "concept": [{"code": code} for _, code in rows]}
        for system, rows in groupby(pairs, lambda pair: pair[0])
    ]
    return {
        "resourceType": "ValueSet",
        "id": name,
        "url": url,
        "version": _VERSION,
        "name": _pascal(name),
        "status": "active",
        "description": "The codes that FHIR R4 requires where it binds this value set. "
        "Các mã FHIR R4 bắt buộc dùng ở nơi gắn bộ giá trị này.",
        "copyright": _COPYRIGHT,
        "compose": {"include": include},
    }


def _system(url: str, codes: list[str]) -> Tree:
    name, texts = url.rpartition("/")[2], read_json("terminology", "r4-texts.json").get(url, {})
    return {
        "resourceType": "CodeSystem",
        "id": name,
        "language": "en",
        "url": url,
        "version": _VERSION,
        "name": _pascal(name),
        "status": "active",
        "description": "The codes of this system that FHIR R4 requires somewhere; the system may have more. "
        "Các mã của hệ này mà FHIR R4 bắt buộc; hệ mã có thể còn mã khác.",
        "caseSensitive": True,
        "copyright": _COPYRIGHT,
        "content": "fragment",
        "count": len(codes),
        "concept": [_concept(code, *texts.get(code, ())) for code in codes],
    }


def _concept(code: str, en: str = "", vi: str = "") -> Tree:
    if not en:
        return {"code": code}
    return {"code": code, "display": en, "designation": [{"language": "vi", "value": vi}]}


def _pascal(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("-"))
