"""Interactions with the definitions that are shipped with the program. https://hl7.org/fhir/R4/conformance-module.html"""

from app.api.openapi.parameters import id_pattern, path, query, shown
from app.api.openapi.parts import Context, Item, Place, answer, described, form_body, json_content, shared
from app.api.openapi.results import PUBLISHED, RECORD, SHAPE
from app.api.openapi.schemas import ref
from app.fhir.asked import PUBLISHED as TYPES
from app.fhir.interactions.capabilities import ID as STATEMENT
from app.fhir.published.operation_definitions import operation_definitions
from app.fhir.published.search import Field, fields
from app.fhir.published.search_parameters import search_parameters
from app.fhir.published.shelf import profiles
from app.fhir.published.terminology import code_system_trees, value_set_trees
from app.fhir.resource_type import Registry
from app.fhir.search.described import Bilingual

SHIPPED = Bilingual(
    "Shipped with the program: read and searched, never written.",
    "Đi kèm chương trình: chỉ đọc và tìm kiếm, không ghi.",
)
_EXACT = {
    "string": Bilingual(
        "The beginning, without regard to case and accents. Modifiers: `:exact`, `:contains`.",
        "Phần đầu, không phân biệt hoa thường và dấu. Hậu tố: `:exact`, `:contains`.",
    ),
    "token": Bilingual("`code` or `system|code`, exactly.", "`mã` hoặc `hệ mã|mã`, khớp chính xác."),
    "uri": Bilingual("The whole address, exactly.", "Toàn bộ địa chỉ, khớp chính xác."),
}


def components(registry: Registry) -> dict[str, Item]:
    """Return the parameters of paths and searches by their name among the components."""
    searched = {key(name, item.name): _field(registry, name, item) for name in TYPES for item in fields(name).values()}
    says = Bilingual("The id of the definition.", "Mã định danh của định nghĩa.")
    ids = {key(name, "id"): path("id", says, id_pattern(), shipped_id(registry, name)) for name in TYPES}
    return {**searched, **ids}


def key(name: str, parameter: str) -> str:
    """Return the name of a parameter of a shipped type among the components."""
    return f"{name}.{parameter}"


def shipped_id(registry: Registry, name: str) -> str:
    """Return the id of a definition that is shipped, for examples."""
    return _IDS[name](registry)


_IDS = {
    "CapabilityStatement": lambda _registry: STATEMENT,
    "CodeSystem": lambda _registry: code_system_trees()[0]["id"],
    "CompartmentDefinition": lambda registry: registry.person.name.lower(),
    "OperationDefinition": lambda registry: operation_definitions(registry)[0]["id"],
    "SearchParameter": lambda registry: search_parameters(registry)[0]["id"],
    "StructureDefinition": lambda _registry: profiles()[0]["id"],
    "ValueSet": lambda _registry: value_set_trees()[0]["id"],
}


def responses(name: str) -> dict[str, Item]:
    """Return the answers that operations on a shipped type share, by their names among the components."""
    held = answer(Bilingual("The definition.", "Định nghĩa."), json_content(ref(name)))
    page = answer(Bilingual("A page of definitions.", "Một trang định nghĩa."), json_content(ref("Bundle")))
    return {f"{name}.read": held, f"{name}.page": page}


def read(context: Context, place: Place) -> Item:
    """Describe the reading of a shipped definition."""
    head = (f"read{place.name}", f"Read a {place.name} · Đọc một định nghĩa", SHIPPED)
    return described(context, place, head, {"200": shared(f"{place.name}.read")}, ("BadParameter", "NotFound"), RECORD)


def search(context: Context, place: Place, method: str) -> Item:
    """Describe the search of shipped definitions."""
    name, good = place.name, {"200": shared(f"{place.name}.page")}
    own = tuple(key(name, item) for item in fields(name))
    title = f"Search {name} · Tìm định nghĩa"
    if method == "GET":
        head = (f"search{name}", title, SHIPPED)
        return described(context, place, head, good, ("BadParameter",), (*own, *PUBLISHED, "Prefer.lenient"))
    head = (f"search{name}ByForm", f"{title} · form", SHIPPED)
    body = form_body(_form(context, name), {"_count": 20})
    errors = ("BadParameter", "TooLarge", "UnsupportedMedia")
    return described(context, place, head, good, errors, ("Prefer.lenient",), body)


def _form(context: Context, name: str) -> Item:
    text = {"type": "string", "default": ""}
    results = dict.fromkeys(("_sort", *SHAPE), text)
    size = {"type": "integer", "minimum": 0, "default": context.settings.page_size}
    searches = {
        item.name: {**text, "description": shown(_example(context.registry, name, item))}
        for item in fields(name).values()
    }
    properties = {**searches, **results, "_count": size}
    return {"type": "object", "properties": properties, "additionalProperties": {"type": "string"}}


def _field(registry: Registry, name: str, field: Field) -> Item:
    form = _EXACT[field.type]
    says = Bilingual(f"{field.en}. {form.en}", f"{field.vi}. {form.vi}")
    return query(field.name, says, {"type": "string", "minLength": 1}, _example(registry, name, field))


def _example(registry: Registry, name: str, field: Field) -> str:
    """Return a value that some shipped definition has, where that can be said without making them all."""
    known = {"_id": shipped_id(registry, name), "status": "active", "version": "4.0.1"}
    return known.get(field.name) or _FALLBACK.get((name, field.name)) or _FALLBACK["", field.type]


_FALLBACK = {
    ("SearchParameter", "code"): "identifier",
    ("OperationDefinition", "code"): "validate",
    ("CompartmentDefinition", "code"): "Patient",
    ("SearchParameter", "type"): "token",
    ("", "token"): "Patient",
    ("", "string"): "a",
    ("", "uri"): "http://hl7.org/fhir/StructureDefinition/Patient",
}
