"""From the values of FHIR elements to what search columns keep.

A token is kept twice, as `system|code` and as ` code` (any system): no system holds a blank, so the two
never meet; the words that stand with it begin with GS (U+001D), an identifier of a type with RS (U+001E), which
no resource may hold. Codes are kept in lower case, for matches are not case sensitive. A string is kept as
`folded` or, where they differ, `folded<US>original` (US is U+001F, which no resource may hold).
https://hl7.org/fhir/R4/search.html#table
"""

from decimal import Decimal
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from app.fhir.fold import fold, sound
from app.fhir.instant import moment, period

SEPARATOR = "\x1f"
TEXT = "\x1d"
OF_TYPE = "\x1e"
LONGEST = 500
"""Characters of a text that an index takes: four bytes each stay below what Postgres can index (2,704 bytes)."""


def token(system: str | None, code: str) -> list[str]:
    """Return the two forms in which a code of a system is kept."""
    low = code.lower()
    return [bounded(f"{system or ''}|{low}"), bounded(f" {low}")]


def bounded(form: str) -> str:
    """Return a form that an index takes: of one that is longer the beginning, and a digest of the whole."""
    if len(form) <= LONGEST:
        return form
    return f"{form[:LONGEST]}{SEPARATOR}{sha256(form.encode()).hexdigest()}"


def concepts(value: dict, _zone: ZoneInfo) -> list[str]:
    """Return the tokens of a CodeableConcept."""
    coded = value.get("coding", ())
    found = [form for coding in coded if "code" in coding for form in token(coding.get("system"), coding["code"])]
    return [*found, *_shown(value.get("text"), *(coding.get("display") for coding in coded))]


def _shown(*parts: str | None) -> list[str]:
    """Return the words that people read beside a code, for `:text`."""
    return [bounded(f"{TEXT}{fold(part)}") for part in dict.fromkeys(parts) if part]


def codings(value: dict, _zone: ZoneInfo) -> list[str]:
    """Return the tokens of a Coding."""
    found = token(value.get("system"), value["code"]) if "code" in value else []
    return [*found, *_shown(value.get("display"))]


def identifiers(value: dict, _zone: ZoneInfo) -> list[str]:
    """Return the tokens of an Identifier, and with its type the forms for `:of-type` and `:text`."""
    found = token(value.get("system"), value["value"]) if "value" in value else []
    if "type" not in value:
        return found
    codings = [coding for coding in value["type"].get("coding", ()) if "code" in coding and "value" in value]
    typed = [of_type(coding.get("system", ""), coding["code"], value["value"]) for coding in codings]
    return [*found, *typed, *_shown(value["type"].get("text"))]


def of_type(system: str, code: str, value: str) -> str:
    """Return the form in which the value of an identifier of a type is kept."""
    return bounded(f"{OF_TYPE}{system}|{code.lower()}|{value.lower()}")


def codes(value: str, _zone: ZoneInfo) -> list[str]:
    """Return the token of a bare code; its system is the parameter's."""
    return [f" {value.lower()}"]


def flags(value: bool, _zone: ZoneInfo) -> list[str]:
    """Return the token of a boolean."""
    return [" true" if value else " false"]


def present(value: Any, _zone: ZoneInfo) -> list[str]:
    """Return the token of "there is one": a boolean as it is, anything else as true."""
    return flags(value if isinstance(value, bool) else True, _zone)


def contacts(value: dict, _zone: ZoneInfo) -> list[str]:
    """Return the tokens of a ContactPoint: its use stands where other tokens have a system."""
    return token(value.get("use"), value["value"]) if "value" in value else []


def texts(value: str, _zone: ZoneInfo) -> list[str]:
    """Return the stored form of a string."""
    folded = fold(value)
    return [folded if folded == value else f"{folded}{SEPARATOR}{value}"]


def sounds(value: str, _zone: ZoneInfo) -> list[str]:
    """Return how each word of a string sounds."""
    return [heard for heard in (sound(value), *(sound(word) for word in value.split())) if heard]


def human_names(value: dict, zone: ZoneInfo) -> list[str]:
    """Return the strings a HumanName is found by: its text, each of its parts, and family and given names together."""
    given = value.get("given", ())
    parts = [value.get("text"), value.get("family"), *given, *value.get("prefix", ()), *value.get("suffix", ())]
    joined = " ".join(part for part in (value.get("family"), *given) if part)
    return _texts([*parts, joined], zone)


def human_sounds(value: dict, zone: ZoneInfo) -> list[str]:
    """Return how the parts of a HumanName sound."""
    parts = [value.get("text"), value.get("family"), *value.get("given", ())]
    return [heard for part in parts if part for heard in sounds(part, zone)]


def addresses(value: dict, zone: ZoneInfo) -> list[str]:
    """Return the strings an Address is found by."""
    names = ("text", "city", "district", "state", "postalCode", "country")
    return _texts([*value.get("line", ()), *(value.get(name) for name in names)], zone)


def references(value: dict, _zone: ZoneInfo) -> list[str]:
    """Return the target of a Reference, without its version; an Identifier as ` system|value`."""
    kept = []
    if "reference" in value:
        kept.append(value["reference"].partition("/_history/")[0])
    if "value" in value.get("identifier", ()):
        kept.append(f" {value['identifier'].get('system', '')}|{value['identifier']['value']}")
    return kept


def uris(value: str, _zone: ZoneInfo) -> list[str]:
    """Return a uri as it stands."""
    return [value]


def times(value: str | dict, zone: ZoneInfo) -> list:
    """Return the range of a date, dateTime, instant or Period."""
    if isinstance(value, dict):
        return [period(value, zone)] if "start" in value or "end" in value else []
    return [moment(value, zone)]


def quantities(value: dict, _zone: ZoneInfo) -> list[tuple[Decimal, list[str]]]:
    """Return a Quantity's value with the tokens of its unit."""
    if "value" not in value:
        return []
    units = [
        form for code in (value.get("code"), value.get("unit")) if code for form in token(value.get("system"), code)
    ]
    return [(Decimal(str(value["value"])), units)]


def positions(value: dict, _zone: ZoneInfo) -> list[list[float]]:
    """Return latitude and longitude in degrees (WGS84)."""
    return [[float(value["latitude"]), float(value["longitude"])]]


def _texts(parts: list[str | None], zone: ZoneInfo) -> list[str]:
    return [kept for part in parts if part for kept in texts(part, zone)]
