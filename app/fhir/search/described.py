"""What is said of a search parameter: its published definition, the forms of its values, its modifiers.

https://hl7.org/fhir/R4/searchparameter-registry.html
"""

import json
from functools import cache
from typing import Any, NamedTuple

from app.config import Settings
from app.fhir.definitions import SCHEMAS, elements
from app.fhir.fold import fold
from app.fhir.resource_type import Registry, ResourceType
from app.fhir.search.modifiers import modifiers
from app.fhir.search.parameter import Parameter

PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")


class Bilingual(NamedTuple):
    """One text in English and in Vietnamese."""

    en: str
    vi: str

    def __str__(self) -> str:
        return f"{self.en}\n\n*Tiếng Việt:* {self.vi}"


_FORMS = {
    "id": Bilingual("An id, exactly.", "Một id, khớp chính xác."),
    "token": Bilingual(
        "`code`, `system|code`, or `system|` for any code of a system; upper and lower case are the same.",
        "`mã`, `hệ mã|mã`, hoặc `hệ mã|` cho mọi mã của một hệ; không phân biệt chữ hoa, chữ thường.",
    ),
    "string": Bilingual(
        "Finds values that begin so. Case, accents, đ and d, NFC and NFD, and the place of tone marks make no "
        "difference: `hoa` finds Hoà, Hòa and HOA.",
        "Tìm giá trị bắt đầu như vậy. Không phân biệt hoa thường, dấu, đ và d, hay cách đặt dấu thanh: "
        "`hoa` tìm được Hoà, Hòa và HOA.",
    ),
    "sound": Bilingual(
        "Finds names that sound so to a Vietnamese ear: `Chí` finds Trí, `Dang` finds Giang.",
        "Tìm tên nghe giống như vậy: `Chí` tìm được Trí, `Dang` tìm được Giang.",
    ),
    "date": Bilingual(
        "`2026`, `2026-03`, `2026-03-02` or `2026-03-02T08:00:00+07:00`, after one of the prefixes "
        f"{', '.join(PREFIXES)} or none (eq). Days begin and end in {{zone}}.",
        "`2026`, `2026-03`, `2026-03-02` hoặc `2026-03-02T08:00:00+07:00`, đứng sau một trong các tiền tố "
        f"{', '.join(PREFIXES)} hoặc không có (eq). Ngày tính theo {{zone}}.",
    ),
    "reference": Bilingual(
        "`{target}/id`, an id alone, or an absolute address.",
        "`{target}/id`, chỉ id, hoặc địa chỉ đầy đủ.",
    ),
    "quantity": Bilingual(
        f"A number, or `number|system|code`, after one of the prefixes {', '.join(PREFIXES)} or none "
        "(eq, within the digits given).",
        f"Một số, hoặc `số|hệ mã|đơn vị`, đứng sau một trong các tiền tố {', '.join(PREFIXES)} hoặc không có "
        "(eq, theo số chữ số đã cho).",
    ),
    "special": Bilingual(
        "`latitude|longitude|distance|km` (or `m`), in degrees of WGS 84; without a distance 10 km.",
        "`vĩ độ|kinh độ|khoảng cách|km` (hoặc `m`), theo độ WGS 84; không ghi khoảng cách thì là 10 km.",
    ),
    "uri": Bilingual("The whole URI, exactly.", "Toàn bộ URI, khớp chính xác."),
}


def described(
    kind: ResourceType, parameter: Parameter, settings: Settings, registry: Registry | None = None
) -> Bilingual:
    """Return what a search parameter finds, the forms of its values and its modifiers."""
    form, meaning = _FORMS[_form(parameter)], _meaning(kind, parameter)
    fill = {"zone": settings.time_zone.key, "target": (parameter.targets or ("Type",))[0]}
    listed = ", ".join(f"`{code}`" for code in codes(kind, parameter))
    allowed = ", ".join(f"`:{name}`" for name in modifiers(parameter, registry))
    one_of = Bilingual(f" Codes: {listed}." if listed else "", f" Các mã: {listed}." if listed else "")
    return Bilingual(
        f"{meaning.en}{form.en.format(**fill)}{one_of.en} Modifiers: {allowed}.",
        f"{meaning.vi}{form.vi.format(**fill)}{one_of.vi} Hậu tố: {allowed}.",
    )


def _form(parameter: Parameter) -> str:
    if parameter.kind == "string" and parameter.normal is not fold:
        return "sound"
    return "id" if parameter.kind == "token" and not parameter.paths else parameter.kind


def codes(kind: ResourceType, parameter: Parameter) -> tuple[str, ...]:
    """Return the codes that R4 allows where the parameter looks; nothing where it allows any."""
    found: tuple[str, ...] = ()
    for path in parameter.paths:
        name = kind.name
        for step in path.split("."):
            element = elements(name).get(step.partition("[")[0]) if name else None
            name, found = (element.kind, element.codes) if element else ("", ())
    return found


def official(kind: ResourceType, parameter: Parameter) -> dict[str, Any] | None:
    """Return the published SearchParameter, None where this parameter is the service's own."""
    return published().get((kind.name, parameter.name)) or published().get(("Resource", parameter.name))


@cache
def published() -> dict[tuple[str, str], dict[str, Any]]:
    """Return the search parameters that R4 publishes, by type and name."""
    text = SCHEMAS.joinpath("fhir", "search-parameters.json").read_text(encoding="utf-8")
    found = [entry["resource"] for entry in json.loads(text)["entry"]]
    return {(base, item["code"]): item for item in found for base in item["base"]}


@cache
def in_vietnamese() -> dict[str, str]:
    """Return what parameters search in Vietnamese, by name, or by type and name where a type says more."""
    return json.loads(SCHEMAS.joinpath("fhir", "search-parameters-vi.json").read_text(encoding="utf-8"))


def _meaning(kind: ResourceType, parameter: Parameter) -> Bilingual:
    """Return what a parameter searches; where one published text serves several types, the line of this type."""
    text = (official(kind, parameter) or {}).get("description", "")
    mark = f"* [{kind.name}]("
    if mark in text:
        text = text.partition(mark)[2].partition("): ")[2]
    # What follows the first line is advice to servers.
    text = text.strip().partition("\n")[0].strip().rstrip(".")
    known = in_vietnamese()
    vi = known.get(f"{kind.name}.{parameter.name}") or known.get(parameter.name, "")
    return Bilingual(f"{text}. " if text else "", f"{vi}. " if vi else "")
