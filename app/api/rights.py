"""Rights of people over HTTP: notices, access in an emergency, all that is held on one person. docs/how-to/rights.md"""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from app.access.caller import Caller
from app.access.rights.emergency import LONGEST, SCOPE, SHORTEST, emergencies
from app.access.rights.notice import Mark, mark_read, notices
from app.api.door import caller_of
from app.api.emergency import open_person
from app.api.rights_answers import Emergency, EmergencyList, NoticeList, Opened, notice, opened
from app.errors import BadParameter, Forbidden, NotFound
from app.exchange.rights.export import export_person
from app.exchange.rights.looked import looked
from app.fhir.service import Service
from app.store.pool import lend

router = APIRouter(tags=["Rights · Quyền của chủ thể dữ liệu"])
_NO_STORE = {"Cache-Control": "no-store"}
_ADMIN, _AUDIT = "tramy/admin", "tramy/audit"
_MOST = 200


def _service(request: Request) -> Service:
    return request.app.state.service


Asking = Annotated[Caller, Depends(caller_of)]
Running = Annotated[Service, Depends(_service)]


@router.get(
    "/notices",
    operation_id="listNotices",
    response_model=NoticeList,
    summary="Notices to the caller's communes and organisation · Thông báo gửi địa bàn và cơ sở của bên gọi",
    description="Somebody was let in to one of your people, or looked in an emergency. · "
    "Có cơ sở khác được tiếp cận, hoặc truy cập khẩn cấp hồ sơ của người mà cơ sở đang chăm sóc.",
)
async def list_notices(
    caller: Asking,
    service: Running,
    count: Annotated[int, Query(ge=1, le=_MOST, description="The most on a page · số thông báo mỗi trang.")] = 50,
    after: Annotated[str, Query(description="`next` of the page before · giá trị `next` của trang trước.")] = "",
    unread: Annotated[bool, Query(description="Only what nobody has read · chỉ thông báo chưa đọc.")] = False,
) -> Response:
    """List what the caller's holders were told."""
    async with lend(service.writing) as connection:
        rows = await notices(connection, caller.holders, count + 1, _mark(after), unread=unread)
    shown = [notice(row) for row in rows[:count]]
    last = f"{rows[count - 1]['at'].isoformat()}_{rows[count - 1]['id']}" if len(rows) > count else None
    return _json(NoticeList(notices=shown, next=last))


@router.post(
    "/notices/{notice_id}/read",
    operation_id="readNotice",
    status_code=204,
    summary="Mark a notice as read · Đánh dấu đã đọc",
    description="For all who receive it; the first time counts. · Cho mọi bên nhận; giữ thời điểm đọc đầu tiên.",
)
async def read_notice(caller: Asking, service: Running, notice_id: str) -> Response:
    """Mark a notice as read."""
    async with lend(service.writing) as connection:
        found = await mark_read(connection, caller.holders, notice_id, service.clock())
    if not found:
        raise NotFound.of("There is no such notice.", "Không có thông báo này.", "id")
    return Response(status_code=204, headers=_NO_STORE)


@router.post(
    "/rights/break-glass",
    operation_id="breakGlass",
    status_code=201,
    response_model=Opened,
    summary="Open a person's records in an emergency · Truy cập khẩn cấp",
    description=f"Needs `{SCOPE}` and a reason of {SHORTEST} to {LONGEST} characters. Opens the records for four hours"
    " to this program and user, marks the audit, and tells those who look after the person. A read of one Patient with"
    " the header `X-Break-Glass`, the reason percent-encoded, does the same first. The answer is the same"
    " whether or not there is such a person. · "
    f"Cần phạm vi `{SCOPE}` và lý do từ {SHORTEST} đến {LONGEST} ký tự. Mở hồ sơ trong 4 giờ cho chương trình và người"
    " dùng này, ghi vào nhật ký và báo cho nơi đang chăm sóc. Câu trả lời như nhau dù có hay không có người đó.",
)
async def break_glass(request: Request, caller: Asking, service: Running, emergency: Emergency) -> Response:
    """Open a person's records, merged ones too, and commit before the answer."""
    kind, _, patient_id = emergency.patient.rpartition("/")
    if kind not in ("", service.registry.person.name):
        raise BadParameter.of("patient must be Patient/id.", "patient phải có dạng Patient/id.", "patient")
    seen = service.seen_by(caller, request.scope["trail"])
    until = await open_person(seen, patient_id, emergency.reason)
    return _json(Opened(until=until), 201)


@router.get(
    "/rights/emergencies",
    operation_id="listEmergencies",
    response_model=EmergencyList,
    summary="Who looked in an emergency · Danh sách truy cập khẩn cấp",
    description=f"For auditors and administrators (`{_AUDIT}` or `{_ADMIN}`). · Dành cho kiểm tra viên, quản trị viên.",
)
async def list_emergencies(
    caller: Asking,
    service: Running,
    days: Annotated[int, Query(ge=1, le=366, description="How many days back · số ngày trở lại.")] = 30,
) -> Response:
    """List the emergencies of the last days."""
    _require(caller, _AUDIT, _ADMIN)
    now = service.clock()
    async with lend(service.writing) as connection:
        rows = await emergencies(connection, now - timedelta(days=days), now + timedelta(seconds=1))
    return _json(EmergencyList(emergencies=[opened(row) for row in rows]))


@router.get(
    "/rights/export/{patient_id}",
    operation_id="exportPerson",
    response_class=Response,
    responses={200: {"content": {"application/zip": {}}, "description": "A ZIP with a summary in Vietnamese first."}},
    summary="All that is held on one person · Toàn bộ dữ liệu về một người",
    description=f"For a citizen's request; needs `{_ADMIN}`, and `tramy/protected` for records with a label of special"
    " protection. · Theo yêu cầu của công dân; cần phạm vi quản trị, và `tramy/protected` cho hồ sơ bảo vệ đặc biệt.",
)
async def export_one(caller: Asking, service: Running, patient_id: str) -> Response:
    """Return the archive."""
    _require(caller, _ADMIN)
    async with lend(service.writing) as connection:
        made = await export_person(
            connection,
            service.registry,
            caller,
            patient_id,
            service.clock(),
            service.settings.time_zone,
            looked,
            protected=caller.may("tramy/protected"),
        )
    # The id stays out of the name: the file may be handed on.
    headers = {**_NO_STORE, "Content-Disposition": 'attachment; filename="ho-so.zip"'}
    return Response(made.content, media_type="application/zip", headers=headers)


def _require(caller: Caller, *scopes: str) -> None:
    if not any(caller.may(scope) for scope in scopes):
        names = ", ".join(scopes)
        raise Forbidden.of(f"This needs one of the scopes {names}.", f"Cần một trong các phạm vi {names}.")


def _mark(text: str) -> Mark | None:
    if not text:
        return None
    at, _, notice_id = text.partition("_")
    try:
        return Mark(_zoned(datetime.fromisoformat(at)), notice_id)
    except ValueError:
        raise BadParameter.of(
            "after must be `next` of an answer.", "after phải là `next` của câu trả lời.", "after"
        ) from None


def _zoned(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError
    return at


def _json(content: BaseModel, status: int = 200) -> Response:
    return Response(content.model_dump_json(), status, _NO_STORE, "application/json")
