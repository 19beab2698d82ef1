"""capabilities: what this service can do, said by its own declarations. https://hl7.org/fhir/R4/capabilitystatement.html"""

import json
from typing import Any

from app.config import Settings
from app.fhir.asked import ROUTES
from app.fhir.resource_type import Registry, ResourceType
from app.fhir.search.described import Bilingual, described, official
from app.fhir.search.parameter import Parameter
from app.fhir.search.query import COMMON
from app.fhir.service import Service

VERSION = "0.1.0"
RELEASED = "2026-11-22"
"""The day of the program's version: the statement is as old as the program, not as the request."""
FHIR_VERSION = "4.0.1"
_CODES = {"history": "history-instance", "search": "search-type"}
_SYSTEM = {"bundle": ("transaction", "batch")}


def capabilities(service: Service, base: str) -> str:
    """Return the CapabilityStatement of the interface at `base` as JSON."""
    return json.dumps(statement(service.registry, service.settings, base), ensure_ascii=False)


def statement(registry: Registry, settings: Settings, base: str) -> dict[str, Any]:
    """Return the CapabilityStatement as a tree."""
    return {
        "resourceType": "CapabilityStatement",
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
        "rest": [
            {
                "mode": "server",
                "documentation": str(_REST),
                "resource": [_resource(kind, settings) for kind in registry],
                "interaction": [{"code": code} for name in interactions(()) for code in _SYSTEM.get(name, ())],
            }
        ],
    }


def interactions(*shapes: tuple[str, ...]) -> list[str]:
    """Return the interactions of addresses of these shapes, each once."""
    return list(dict.fromkeys(name for shape in shapes for name in ROUTES.get(shape, {}).values()))


def _resource(kind: ResourceType, settings: Settings) -> dict[str, Any]:
    supported = interactions(*(shape for shape in ROUTES if shape[:1] == ("type",)))
    on_type = ROUTES[("type",)]
    return {
        "type": kind.name,
        "profile": f"http://hl7.org/fhir/StructureDefinition/{kind.name}",
        "documentation": str(_about(kind)),
        "interaction": [{"code": _CODES.get(name, name)} for name in supported],
        "versioning": "versioned-update",
        "readHistory": "vread" in supported,
        "updateCreate": "update" in supported,
        "conditionalCreate": "create" in supported,
        "conditionalRead": "not-supported",
        "conditionalUpdate": "PUT" in on_type,
        "conditionalDelete": "single" if "DELETE" in on_type else "not-supported",
        "referencePolicy": ["literal", "logical", *(["enforced"] if kind.owner else [])],
        "searchParam": [_search_param(kind, parameter, settings) for parameter in (*COMMON, *kind.search)],
    }


def _search_param(kind: ResourceType, parameter: Parameter, settings: Settings) -> dict[str, Any]:
    published = official(kind, parameter)
    definition = {"definition": published["url"]} if published else {}
    says = str(described(kind, parameter, settings))
    return {"name": parameter.name, **definition, "type": parameter.kind, "documentation": says}


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
        f"entries unless `_count` asks for up to {most}. Days begin and end in {settings.time_zone.key}.",
        f"Giới hạn: nội dung {body} byte, lồng {depth} cấp, Bundle {entries} mục, trang {page} mục nếu `_count` không "
        f"yêu cầu khác, tối đa {most}. Ngày tính theo {settings.time_zone.key}.",
    )


_REST = Bilingual(
    "FHIR R4 as JSON. A search parameter or modifier that is not listed is refused, never ignored; totals are exact. "
    "An update that changes nothing makes no version, so it may be sent again.",
    "FHIR R4 dạng JSON. Tham số hoặc hậu tố tìm kiếm không có trong danh sách sẽ bị từ chối, không bị bỏ qua; tổng số "
    "luôn chính xác. Cập nhật không làm thay đổi gì thì không tạo phiên bản, nên có thể gửi lại an toàn.",
)
