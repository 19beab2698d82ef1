"""The routes of the audit: `/audit`, and AuditEvents below the FHIR base. https://hl7.org/fhir/R4/auditevent.html"""

from collections.abc import Iterable

from app.api.openapi.parameters import path, query
from app.api.openapi.parts import Context, Item, Place, answer, described, json_content
from app.api.openapi.schemas import ref
from app.api.openapi.security import of_scopes
from app.fhir.search.described import Bilingual

SCOPE = "tramy/audit"
_MOMENT = Bilingual("A day or time", "Ngày hoặc giờ")
_PERSON = Bilingual("About this person", "Về người này")
_ACTION = Bilingual("C, R, U, D or E, separated by commas", "C, R, U, D hoặc E, cách nhau bằng dấu phẩy")
_OUTCOME = Bilingual("0, 4, 8 or 12, separated by commas", "0, 4, 8 hoặc 12, cách nhau bằng dấu phẩy")
_COUNT = Bilingual("Events on a page, 1000 at most", "Số sự kiện mỗi trang, tối đa 1000")
_PAGE = Bilingual("From the link to the next page", "Lấy từ liên kết trang sau")
_ADDRESS = Bilingual("From this network address", "Từ địa chỉ mạng này")
_WORDS = Bilingual("The interaction, such as read or search", "Thao tác, như read hoặc search")
PLAIN = {
    "person": (_PERSON, "mau-1"),
    "record": (Bilingual("About this record", "Về hồ sơ này"), "Patient/mau-1"),
    "client": (Bilingual("By this program", "Do phần mềm này"), "tyt-mau"),
    "user": (Bilingual("By this person at the provider", "Do người dùng này"), "can-bo-1"),
    "organization": (Bilingual("By this organisation", "Do cơ sở này"), "Organization/tyt-mau"),
    "address": (_ADDRESS, "192.0.2.8"),
    "request": (Bilingual("The id of a request", "Mã yêu cầu"), "019ab3c0-7d1e-7c60-8a54-0c1d2e3f4a5b"),
    "action": (_ACTION, "R,E"),
    "outcome": (_OUTCOME, "4,8,12"),
    "interaction": (_WORDS, "read,search"),
    "since": (Bilingual(f"{_MOMENT.en} from which on", f"{_MOMENT.vi} bắt đầu"), "2026-11-01"),
    "until": (Bilingual(f"{_MOMENT.en} before which", f"{_MOMENT.vi} kết thúc, không tính"), "2026-12-01"),
    "count": (_COUNT, 50),
    "page": (_PAGE, None),
}
"""The parameters of `/audit`: what is said of each, and an example."""
EVENTS = {
    "patient": (_PERSON, "Patient/mau-1"),
    "entity": (Bilingual("About this record", "Về hồ sơ này"), "Encounter/mau-1"),
    "agent": (Bilingual("By this organisation, program or person", "Do cơ sở, phần mềm hoặc người này"), "tyt-mau"),
    "agent:identifier": (Bilingual("By this program or person", "Do phần mềm hoặc người này"), "tyt-mau"),
    "address": (_ADDRESS, "192.0.2.8"),
    "action": (_ACTION, "R,E"),
    "outcome": (_OUTCOME, "4,8,12"),
    "subtype": (_WORDS, "read"),
    "type": (Bilingual("`rest`: all events are of this type", "`rest`: mọi sự kiện thuộc loại này"), "rest"),
    "date": (Bilingual(f"{_MOMENT.en}, with a prefix", f"{_MOMENT.vi}, có tiền tố"), "ge2026-11-01"),
    "_sort": (Bilingual("`-date` alone: the newest first", "Chỉ `-date`: mới nhất trước"), "-date"),
    "_count": (_COUNT, 50),
    "_page": (_PAGE, None),
}
"""The parameters of a search for AuditEvents."""


def listed(taken: dict[str, tuple[Bilingual, object]]) -> list[Item]:
    """Return the Parameter Objects of parameters."""
    return [query(name, says, _schema(example), example) for name, (says, example) in taken.items()]


def paths(context: Context) -> dict[str, Item]:
    """Return the paths of AuditEvents."""
    place = Place("/fhir/AuditEvent", name="AuditEvent")
    found = answer(Bilingual("Events, the newest first.", "Các sự kiện, mới nhất trước."), json_content(ref("Bundle")))
    about = {"description": "An AuditEvent, by IHE BALP where a pattern applies.", **ref("ResourceList")}
    one = answer(Bilingual("The event.", "Sự kiện."), json_content(about))
    by_id = path("id", Bilingual("The id of the event.", "Mã sự kiện."), r"^[A-Za-z0-9.-]{1,64}$", "1-1")
    return {
        place.path: {"get": _described(context, place, "searchAuditEvent", _LIST, found, listed(EVENTS))},
        f"{place.path}/{{id}}": {"get": _described(context, place, "readAuditEvent", _ONE, one, [by_id])},
    }


_LIST = Bilingual(
    "Who did what: every request is recorded, also each that was refused, each entry of a bundle and each page.",
    "Ai đã làm gì: mọi yêu cầu đều được ghi, kể cả yêu cầu bị từ chối, từng mục của bundle và từng trang.",
)
_ONE = Bilingual("An event; nobody can write or change one here.", "Một sự kiện; không ai ghi hoặc sửa được ở đây.")


def _described(context: Context, place: Place, name: str, says: Bilingual, good: Item, own: Iterable[Item]) -> Item:
    head = (name, "AuditEvent · Nhật ký truy cập", says)
    made = described(context, place, head, {"200": good}, ("BadParameter", "NotFound"))
    # Neither form nor language of the answer can be chosen: it has none but the one.
    return of_scopes([SCOPE], {**made, "parameters": list(own)})


def _schema(example: object) -> Item:
    return {"type": "integer", "minimum": 1} if isinstance(example, int) else {"type": "string", "minLength": 1}
