"""What is read first: what the service is, how to begin, and what holds for every operation.

https://spec.openapis.org/oas/v3.1.1.html#info-object
"""

from collections.abc import Iterable
from typing import Any

from app.api.openapi.errors import Documented, table
from app.api.openapi.examples import ID
from app.fhir.interactions.capabilities import VERSION
from app.fhir.resource_type import Registry
from app.fhir.search.described import Bilingual


def info(registry: Registry, errors: Iterable[Documented]) -> dict[str, Any]:
    """Return the Info Object."""
    first = f"{registry.person.name}/{ID}"
    parts = [Bilingual(part.en.format(first=first), part.vi.format(first=first)) for part in _PARTS]
    return {
        "title": "Tramy",
        "version": VERSION,
        "summary": "Health records for primary care in Viet Nam · Hồ sơ sức khỏe cá nhân, y tế cơ sở",
        "description": "\n\n".join([*(str(part) for part in parts), table(errors)]),
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    }


_PARTS = (
    Bilingual(
        "FHIR R4 (4.0.1) in, exact percentages out: records below `/fhir`, indicators below `/indicators`.",
        "Nhận FHIR R4 (4.0.1), trả tỷ lệ chính xác: hồ sơ tại `/fhir`, chỉ số tại `/indicators`.",
    ),
    Bilingual(
        "**To sign in.** Every operation with a lock takes `Authorization: Bearer` and a token: press *Authorize* and "
        "paste one from `tramy token` or `make demo`. A program gets its own at `POST /auth/token` with an assertion "
        "signed by its key (SMART Backend Services); a person signs in at `/auth/login`. Each operation says which "
        "scope it takes. Whom you may not see is as if not here.",
        "**Đăng nhập.** Thao tác có hình ổ khóa cần `Authorization: Bearer` và mã truy cập: bấm *Authorize* rồi dán "
        "mã từ `tramy token` hoặc `make demo`. Phần mềm lấy mã tại `POST /auth/token` bằng xác nhận ký bằng khóa của "
        "mình (SMART Backend Services); cán bộ đăng nhập tại `/auth/login`. Mỗi thao tác nêu phạm vi cần có. Người "
        "ngoài phạm vi được xem coi như không có ở đây.",
    ),
    Bilingual(
        "**To begin.** Update `{first}` with its example, then create the other examples: they belong to this person.",
        "**Bắt đầu.** Cập nhật `{first}` bằng ví dụ có sẵn, rồi tạo các ví dụ khác: chúng thuộc về người này.",
    ),
    Bilingual(
        "**Formats.** `Accept` and `Content-Type` are `application/fhir+json` or `application/json`, text is UTF-8; "
        "bodies may be compressed with gzip. What may be asked with GET may be asked with HEAD.",
        "**Định dạng.** `Accept` và `Content-Type` là `application/fhir+json` hoặc `application/json`, mã "
        "UTF-8; nội dung có thể nén bằng gzip. Địa chỉ nào có GET thì có HEAD.",
    ),
    Bilingual(
        "**Versions.** `ETag` names the version; sent back in `If-Match` it keeps anybody's change from being lost. A "
        "required element may, as FHIR allows, give way to its `_element` with an extension that says why.",
        "**Phiên bản.** `ETag` là phiên bản; gửi lại trong `If-Match` để không ghi đè thay đổi của người khác. Phần tử "
        "bắt buộc có thể thay bằng `_phần tử` kèm extension nêu lý do, theo FHIR.",
    ),
    Bilingual(
        "**Safe to send again.** PUT under an id of your own, or POST with `If-None-Exist`: after a broken connection "
        "send the same request again.",
        "**Gửi lại an toàn.** PUT với mã của bên gửi, hoặc POST có `If-None-Exist`: mất kết nối thì gửi lại yêu cầu.",
    ),
    Bilingual(
        "**Nothing is passed over.** A parameter or modifier that is not known is refused with 400; in searches "
        "`Prefer: handling=lenient` leaves it out and reports it.",
        "**Không bỏ qua âm thầm.** Tham số hoặc hậu tố không có sẽ bị từ chối với mã 400; khi tìm kiếm, "
        "`Prefer: handling=lenient` bỏ qua và báo lại.",
    ),
    Bilingual(
        "**Long answers later.** With `Prefer: respond-async` a search, a history, `$everything` or `$expand` is "
        "answered with 202; the result is fetched from `Content-Location`.",
        "**Kết quả lớn lấy sau.** Có `Prefer: respond-async` thì tìm kiếm, lịch sử, `$everything`, `$expand` trả 202; "
        "lấy kết quả tại `Content-Location`.",
    ),
    Bilingual(
        "**Errors.** Every error is an OperationOutcome: `diagnostics` in English, `details.text` in Vietnamese, the "
        "place in `expression`, or both in the language that `Accept-Language` names. What was sent is never repeated.",
        "**Lỗi.** Mọi lỗi là OperationOutcome: `details.text` tiếng Việt, `diagnostics` tiếng Anh, vị trí ở "
        "`expression`; nếu có `Accept-Language` thì cả hai bằng ngôn ngữ đó. Không bao giờ lặp lại nội dung đã gửi.",
    ),
)
