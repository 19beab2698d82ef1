"""capabilities: what this service can do, said by its own declarations. https://hl7.org/fhir/R4/capabilitystatement.html"""

import json
from typing import Any

from app.config import Settings
from app.fhir.asked import PUBLISHED, ROUTES
from app.fhir.operation import Operation
from app.fhir.operations import operations_at
from app.fhir.published.operation_definitions import definition_address
from app.fhir.published.search import Field, fields
from app.fhir.published.search_parameters import address
from app.fhir.published.shelf import profiles
from app.fhir.resource_type import Registry, ResourceType
from app.fhir.search.common import COMMON
from app.fhir.search.criteria import DEEPEST
from app.fhir.search.described import Bilingual, described
from app.fhir.search.parameter import Parameter
from app.fhir.search.query import MOST_CRITERIA, MOST_VALUES
from app.fhir.service import Service

VERSION = "0.1.0"
RELEASED = "2026-11-22"
"""The day of the program's version: the statement is as old as the program, not as the request."""
FHIR_VERSION = "4.0.1"
ID = "tramy"
"""The id under which the statement is read as a CapabilityStatement."""
_R4 = "http://hl7.org/fhir"
# The codes of interactions, where there is one; conditions and operations are said elsewhere.
_CODES = {
    "read": "read",
    "vread": "vread",
    "update": "update",
    "patch": "patch",
    "delete": "delete",
    "history": "history-instance",
    "history-type": "history-type",
    "create": "create",
    "search": "search-type",
    "read-published": "read",
    "search-published": "search-type",
}
_SYSTEM = {
    "bundle": ("transaction", "batch"),
    "search-system": ("search-system",),
    "history-system": ("history-system",),
}
_WHOLE = ((), ("_history",))
_SECURITY_SERVICE = "http://terminology.hl7.org/CodeSystem/restful-security-service"
_OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
DOORS = {"token": "/auth/token", "revoke": "/auth/revoke", "introspect": "/auth/introspect"}
"""Where tokens are given, ended and asked about."""


def capabilities(service: Service, base: str) -> str:
    """Return the CapabilityStatement of the interface at `base` as JSON."""
    return json.dumps(statement(service.registry, service.settings, base), ensure_ascii=False)


def statement(registry: Registry, settings: Settings, base: str) -> dict[str, Any]:
    """Return the CapabilityStatement as a tree."""
    return {
        "resourceType": "CapabilityStatement",
        "id": ID,
        "url": f"{base}/metadata",
        "version": VERSION,
        "name": "Tramy",
        "title": "Tramy: health records for primary care in Viet Nam",
        "status": "active",
        "date": RELEASED,
        "description": str(_limits(settings)),
        "kind": "instance",
        "software": {"name": "Tramy", "version": VERSION, "releaseDate": RELEASED},
        "implementation": {"description": "Hồ sơ sức khỏe cá nhân điện tử, y tế cơ sở", "url": base},
        "fhirVersion": FHIR_VERSION,
        "format": ["application/fhir+json", "json"],
        **_patching(),
        "rest": [_rest(registry, settings, base)],
    }


def _patching() -> dict[str, Any]:
    patched = "PATCH" in ROUTES[("type", "id")]
    return {"patchFormat": ["application/json-patch+json", "application/fhir+json"]} if patched else {}


def _rest(registry: Registry, settings: Settings, base: str) -> dict[str, Any]:
    within = "search-compartment" in interactions(("type", "id", "other"))
    published = [_published(registry, name) for name in PUBLISHED]
    return {
        "mode": "server",
        "documentation": str(_REST),
        "security": _security(settings, base),
        "resource": [*(_resource(registry, kind, settings) for kind in registry), *published],
        "interaction": [{"code": code} for name in interactions(*_WHOLE) for code in _SYSTEM.get(name, ())],
        **_operations(registry, operations_at(None)),
        **({"compartment": [f"{_R4}/CompartmentDefinition/{registry.person.name.lower()}"]} if within else {}),
    }


def _security(settings: Settings, base: str) -> dict[str, Any]:
    """Return how to sign in: the same addresses as the SMART configuration has."""
    codes = [{"system": _SECURITY_SERVICE, "code": code} for code in ("SMART-on-FHIR", "OAuth")]
    doors = [{"url": name, "valueUri": base.removesuffix("/fhir") + path} for name, path in DOORS.items()]
    return {
        "extension": [{"url": _OAUTH_URIS, "extension": doors}],
        "cors": bool(settings.cors_origins),
        "service": [{"coding": codes}],
        "description": str(_WHO),
    }


def interactions(*shapes: tuple[str, ...]) -> list[str]:
    """Return the interactions of addresses of these shapes, each once."""
    return list(dict.fromkeys(name for shape in shapes for name in ROUTES.get(shape, {}).values()))


def _resource(registry: Registry, kind: ResourceType, settings: Settings) -> dict[str, Any]:
    supported = interactions(*(shape for shape in ROUTES if shape[:1] == ("type",)))
    on_type = ROUTES[("type",)]
    deletes = "multiple" if kind.deletes_many else "single"
    own = [tree["url"] for tree in profiles() if tree["type"] == kind.name and tree["derivation"] == "constraint"]
    return {
        "type": kind.name,
        "profile": f"{_R4}/StructureDefinition/{kind.name}",
        **({"supportedProfile": own} if own else {}),
        "documentation": str(_about(kind)),
        "interaction": [{"code": _CODES[name]} for name in supported if name in _CODES],
        "versioning": "versioned-update",
        "readHistory": "vread" in supported,
        "updateCreate": "update" in supported,
        "conditionalCreate": "create" in supported,
        "conditionalRead": "full-support" if "read" in supported else "not-supported",
        "conditionalUpdate": "PUT" in on_type,
        "conditionalDelete": deletes if "DELETE" in on_type else "not-supported",
        "referencePolicy": ["literal", "logical", *(["enforced"] if kind.owner else [])],
        **_includes(registry, kind),
        "searchParam": [_search_param(registry, kind, parameter, settings) for parameter in (*COMMON, *kind.search)],
        **_operations(registry, [*operations_at(kind), *operations_at(kind, instance=True)]),
    }


def _includes(registry: Registry, kind: ResourceType) -> dict[str, Any]:
    """Return what a search can bring along: what records of the type refer to, and what refers to them."""
    found: dict[str, list[str]] = {"searchInclude": [], "searchRevInclude": []}
    for source in registry:
        for parameter in (item for item in source.search if item.kind == "reference"):
            value = f"{source.name}:{parameter.name}"
            if source is kind and any(target in registry for target in parameter.targets):
                found["searchInclude"].append(value)
            if kind.name in parameter.targets:
                found["searchRevInclude"].append(value)
    if found["searchInclude"]:
        found["searchInclude"].insert(0, "*")
    return {name: values for name, values in found.items() if values}


def _operations(registry: Registry, operations: list[Operation]) -> dict[str, Any]:
    """Return the operations of a place, each once though it may stand at two levels."""
    each = dict.fromkeys(item for item in operations)
    said = [
        {
            "name": item.name,
            "definition": definition_address(registry, item),
            "documentation": str(Bilingual(f"{item.title}.", f"{item.title_vi}.")),
        }
        for item in each
    ]
    return {"operation": said} if said else {}


def _published(registry: Registry, name: str) -> dict[str, Any]:
    shapes = [shape for shape in ROUTES if shape[:1] == ("published",)]
    both = [*operations_at(None, name), *operations_at(None, name, instance=True)]
    return {
        "type": name,
        "profile": f"{_R4}/StructureDefinition/{name}",
        "documentation": str(_SHIPPED),
        "interaction": [{"code": _CODES[item]} for item in interactions(*shapes) if item in _CODES],
        "searchParam": [_field(field) for field in fields(name).values()],
        **_operations(registry, both),
    }


def _field(field: Field) -> dict[str, Any]:
    says = Bilingual(f"{field.en}.", f"{field.vi}.")
    return {"name": field.name, "type": field.type, "documentation": str(says)}


def _search_param(registry: Registry, kind: ResourceType, parameter: Parameter, settings: Settings) -> dict[str, Any]:
    says = str(described(kind, parameter, settings, registry))
    place = address(kind, parameter)
    return {"name": parameter.name, "definition": place, "type": parameter.kind, "documentation": says}


def _about(kind: ResourceType) -> Bilingual:
    owner = f"{kind.name}.{kind.owner}"
    outside = Bilingual(
        "Other references may name what is not held here and are kept as they are.",
        "Các tham chiếu khác có thể trỏ ra ngoài hệ thống và được giữ nguyên.",
    )
    if not kind.owner:
        outside = Bilingual("References may name what is not held here.", "Tham chiếu có thể trỏ ra ngoài hệ thống.")
        return Bilingual(f"{kind.title}. {outside.en}", f"{kind.title_vi}. {outside.vi}")
    when = Bilingual("If given and a patient", "Nếu có và là người dân") if kind.owner_optional else None
    held = Bilingual(
        f"{when.en}, `{owner}` must name one held here." if when else f"`{owner}` must name a patient held here.",
        f"{when.vi}, `{owner}` phải có trong hệ thống." if when else f"`{owner}` phải là người dân có trong hệ thống.",
    )
    return Bilingual(f"{kind.title}. {held.en} {outside.en}", f"{kind.title_vi}. {held.vi} {outside.vi}")


def _limits(settings: Settings) -> Bilingual:
    figures = (
        settings.body_limit,
        settings.depth_limit,
        settings.bundle_limit,
        settings.page_size,
        settings.page_limit,
    )
    body, depth, entries, page, most = (f"{figure}" for figure in figures)
    return Bilingual(
        f"Limits: a body of {body} bytes nested {depth} levels deep, a Bundle of {entries} entries, a page of {page} "
        f"entries unless `_count` asks for up to {most}, as many records that come along (`_include`), a search of "
        f"{MOST_CRITERIA} conditions with {MOST_VALUES} values and chains of {DEEPEST} links. Days begin and end in "
        f"{settings.time_zone.key}.",
        f"Giới hạn: nội dung {body} byte, lồng {depth} cấp, Bundle {entries} mục, trang {page} mục nếu `_count` không "
        f"yêu cầu khác, tối đa {most}, và chừng ấy hồ sơ kèm theo (`_include`); một lần tìm có tối đa {MOST_CRITERIA} "
        f"điều kiện với {MOST_VALUES} giá trị, chuỗi tham số {DEEPEST} cấp. Ngày tính theo {settings.time_zone.key}.",
    )


_SHIPPED = Bilingual(
    "Shipped with the program: read and searched, never written.",
    "Đi kèm chương trình: chỉ đọc và tìm kiếm, không ghi.",
)
_REST = Bilingual(
    "FHIR R4 as JSON. A search parameter or modifier that is not listed is refused, never ignored, unless "
    "`Prefer: handling=lenient` asks for it to be left out and reported; totals are exact. "
    "An update that changes nothing makes no version, so it may be sent again. "
    "PATCH may be conditional like PUT: `PATCH Type?criteria`.",
    "FHIR R4 dạng JSON. Tham số hoặc hậu tố tìm kiếm không có trong danh sách sẽ bị từ chối, không bị bỏ qua, trừ khi "
    "`Prefer: handling=lenient` yêu cầu bỏ qua và báo lại; tổng số luôn chính xác. "
    "Cập nhật không làm thay đổi gì thì không tạo phiên bản, nên có thể gửi lại an toàn. "
    "PATCH có thể kèm điều kiện như PUT: `PATCH Type?điều-kiện`.",
)
_WHO = Bilingual(
    "Every request but this one brings an access token. Programs sign in as SMART Backend Services (private_key_jwt): "
    "/.well-known/smart-configuration. A caller sees the people of its places and those its organisation treated.",
    "Trừ yêu cầu này, mọi yêu cầu phải kèm mã truy cập. Phần mềm đăng nhập theo SMART Backend Services "
    "(private_key_jwt): /.well-known/smart-configuration. Bên gọi chỉ thấy người dân thuộc địa bàn của mình và "
    "người mà cơ sở của mình đã khám chữa.",
)
