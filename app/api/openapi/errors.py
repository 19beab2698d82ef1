"""Every error an operation may answer: its status, when it comes, and the OperationOutcome it brings.

https://hl7.org/fhir/R4/http.html#rejecting-updates
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from app.access.refusals import no_token
from app.api.negotiation import require_json, wanted
from app.api.openapi import outcomes
from app.api.openapi.headers import RATES as RATE_HEADERS
from app.api.openapi.parts import MEDIA
from app.api.openapi.schemas import ref
from app.api.outcome import operation_outcome
from app.api.pace import too_slow
from app.audit.recorder import unrecorded
from app.config import Settings
from app.errors import Invalid, NotFound, TramyError, Unprocessable
from app.fhir.asked import asked
from app.fhir.definitions import facts
from app.fhir.etag import read_etag
from app.fhir.interactions.read import gone, missing
from app.fhir.json import parse
from app.fhir.permit import refused
from app.fhir.resource_type import Registry
from app.fhir.search.described import Bilingual
from app.fhir.search.query import read_query
from app.fhir.validation import finding
from app.fhir.validation.schema import required
from app.fhir.write.owner import owner_of
from app.fhir.write.transaction import unavailable


class Documented(NamedTuple):
    """A response that reports an error: its name among the components, its status, when it comes, and examples."""

    name: str
    status: int
    when: Bilingual
    examples: dict[str, TramyError]
    headers: tuple[str, ...] = ()


def documented(registry: Registry, settings: Settings) -> tuple[Documented, ...]:
    """Return every error, with examples of the served types."""
    return (
        *_of_callers(),
        *_of_requests(registry, settings),
        *_of_records(registry),
        *_of_bodies(registry, settings),
        *_of_service(),
    )


def response(item: Documented) -> dict[str, Any]:
    """Return the Response Object of an error."""
    examples = {name: {"value": operation_outcome(error)} for name, error in item.examples.items()}
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in item.headers}
    content = {MEDIA: {"schema": ref("OperationOutcome"), "examples": examples}}
    return {"description": str(item.when), **({"headers": headers} if headers else {}), "content": content}


def table(items: Iterable[Documented]) -> str:
    """Return a table of the errors in Markdown, for people."""
    rows = [f"| {item.status} | {item.when.en} | {item.when.vi} |" for item in items]
    return "\n".join(["| Status | When | Khi nào |", "|---|---|---|", *rows])


def _of_callers() -> Iterable[Documented]:
    yield Documented(
        "Unauthenticated",
        401,
        Bilingual(
            "No token was sent, or one that is not or no longer valid.", "Thiếu mã truy cập, hoặc mã hết hiệu lực."
        ),
        {"noToken": no_token()},
        ("WWW-Authenticate",),
    )
    yield Documented(
        "Forbidden",
        403,
        Bilingual("The token does not grant this interaction.", "Mã truy cập không cho phép thao tác này."),
        {"scopeMissing": refused(["system/Patient.d"])},
    )
    yield Documented(
        "TooMany",
        429,
        Bilingual(
            "This client sends more than is taken in this time; go on after `Retry-After` seconds.",
            "Gửi quá nhiều yêu cầu; gửi tiếp sau số giây ở `Retry-After`.",
        ),
        {"tooMany": outcomes.too_often()},
        ("Retry-After", *RATE_HEADERS),
    )


def _of_requests(registry: Registry, settings: Settings) -> Iterable[Documented]:
    kind = registry.person
    size, limit = settings.page_size, settings.page_limit
    yield Documented(
        "BadParameter",
        400,
        Bilingual("A parameter or header is unknown or not understood.", "Tham số hoặc header không có hoặc sai dạng."),
        {
            "unknownParameter": outcomes.raised(lambda: read_query(kind, [("nickname", "a")], size=size, limit=limit)),
            "wrongDate": outcomes.misread(kind, settings, "_lastUpdated", "02/03/2026"),
            "wrongIfMatch": outcomes.raised(lambda: read_etag("3")),
        },
    )
    yield Documented(
        "NotAllowed",
        405,
        Bilingual("The address has no such method; `Allow` lists those it has.", "Địa chỉ không có phương thức đó."),
        {"noSuchMethod": outcomes.raised(lambda: asked(registry, "POST", f"{kind.name}/1", ""))},
        ("Allow",),
    )
    yield Documented(
        "NotAcceptable",
        406,
        Bilingual(
            "`Accept` or `_format` asks for a format other than JSON.",
            "`Accept` hoặc `_format` yêu cầu dạng khác JSON.",
        ),
        {"otherFormat": outcomes.raised(lambda: wanted(outcomes.request(accept="application/fhir+xml")))},
    )


def _of_records(registry: Registry) -> Iterable[Documented]:
    kind = registry.person
    yield Documented(
        "NotFound",
        404,
        Bilingual("There is no such record, version or address.", "Không có hồ sơ, phiên bản hoặc địa chỉ này."),
        {
            "noSuchRecord": missing(kind),
            "noSuchAddress": NotFound.of("There is nothing at this address.", "Không có gì tại địa chỉ này."),
        },
    )
    yield Documented(
        "Gone",
        410,
        Bilingual("The record, or this version of it, is a deletion.", "Hồ sơ đã bị xóa."),
        {"deleted": gone(kind)},
    )
    yield Documented(
        "Conflict",
        409,
        Bilingual(
            "A number that one person alone may have is another's already, or a patient to be deleted has records.",
            "Mã số chỉ một người được có đã thuộc về người khác, hoặc người cần xóa vẫn còn hồ sơ.",
        ),
        {"numberTaken": outcomes.taken(kind), "recordsLeft": outcomes.left(registry.owned[0])},
    )
    yield Documented(
        "Stale",
        412,
        Bilingual(
            "`If-Match` names a version that is not the current one, or a condition matches several records.",
            "`If-Match` không phải phiên bản hiện tại, hoặc điều kiện khớp nhiều hồ sơ.",
        ),
        {"notCurrent": outcomes.not_current(), "severalMatches": outcomes.several()},
    )


def _of_bodies(registry: Registry, settings: Settings) -> Iterable[Documented]:
    owned = next(kind for kind in registry.owned if not kind.owner_optional)
    lacking = f"{owned.name}.{min(facts(owned.name).required)}"
    yield Documented(
        "BadBody",
        400,
        Bilingual(
            "The body is not strict JSON or breaks a rule of FHIR; every fault is listed with its place. "
            "Or a header is not understood.",
            "Nội dung không phải JSON chuẩn hoặc trái quy tắc FHIR; mọi lỗi đều được liệt kê kèm vị trí. "
            "Hoặc header sai dạng.",
        ),
        {
            "notJson": outcomes.raised(lambda: parse(b'{"resourceType": }', depth_limit=settings.depth_limit)),
            "requiredElement": Invalid(finding.faults([required(lacking)], 1)),
            "wrongIfMatch": outcomes.raised(lambda: read_etag("3")),
        },
    )
    yield Documented(
        "TooSlow",
        408,
        Bilingual("The body did not come in time.", "Nội dung gửi đến quá chậm."),
        {"tooSlow": too_slow()},
    )
    yield Documented(
        "TooLarge",
        413,
        Bilingual("The body or the bundle is beyond its limit.", "Nội dung hoặc bundle vượt quá giới hạn."),
        {"tooManyBytes": outcomes.too_large(settings)},
    )
    yield Documented(
        "UnsupportedMedia",
        415,
        Bilingual("The body is in a format that is not read.", "Nội dung ở dạng không được hỗ trợ."),
        {"otherFormat": outcomes.raised(lambda: require_json(outcomes.request()))},
    )
    yield Documented(
        "UnsupportedPatch",
        415,
        Bilingual(
            "The patch is in a format that is not read; `Accept-Patch` lists those that are.",
            "Bản sửa đổi ở dạng không được hỗ trợ; xem `Accept-Patch`.",
        ),
        {"otherFormat": outcomes.no_patch()},
        ("Accept-Patch",),
    )
    yield Documented(
        "Unprocessable",
        422,
        Bilingual(
            "The resource is FHIR but breaks a rule of this service, such as naming a patient who is held here.",
            "Tài nguyên đúng FHIR nhưng trái quy tắc của hệ thống, như phải chỉ rõ người dân có trong hệ thống.",
        ),
        {"noPatient": Unprocessable(owner_of(owned, {}, "")[1])},
    )


def _of_service() -> Iterable[Documented]:
    yield Documented(
        "Unexpected",
        500,
        Bilingual(
            "A fault of this service, recorded under the number given.", "Lỗi của hệ thống, đã ghi nhận kèm mã số."
        ),
        {"recorded": outcomes.recorded("019ab3c0-7d1e-7c60-8a54-0c1d2e3f4a5b")},
    )
    yield Documented(
        "Unavailable",
        503,
        Bilingual(
            "The database is away or busy; nothing was stored: send the same again after `Retry-After` seconds.",
            "Cơ sở dữ liệu bận hoặc gián đoạn; chưa lưu gì, hãy gửi lại sau số giây ở `Retry-After`.",
        ),
        {"busy": unavailable(), "unrecorded": unrecorded()},
        ("Retry-After",),
    )
