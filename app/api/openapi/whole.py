"""Interactions with the whole system: bundles and capabilities. https://hl7.org/fhir/R4/http.html#transaction"""

from app.api.openapi import examples
from app.api.openapi.parts import Context, Item, Place, answer, described, json_body, json_content
from app.api.openapi.schemas import ref
from app.fhir.interactions.capabilities import statement
from app.fhir.search.described import Bilingual


def submit(context: Context, place: Place) -> Item:
    """Describe transaction and batch."""
    most = context.settings.bundle_limit
    says = Bilingual(
        "A transaction is stored whole or not at all; in a batch each entry stands by itself, with its own status. "
        "Entries may refer to each other by `fullUrl` (`urn:uuid:...`) and to records by a search "
        "(`Type?identifier=...`). What may be asked by itself may be an entry, its headers as `ifMatch`, "
        f"`ifNoneMatch`, `ifModifiedSince` and `ifNoneExist`; operations stand in a batch only. At most {most} "
        "entries.",
        "transaction được lưu trọn vẹn hoặc không lưu gì; trong batch mỗi mục độc lập và có trạng thái riêng. Các mục "
        "có thể tham chiếu nhau bằng `fullUrl` (`urn:uuid:...`) và tham chiếu hồ sơ bằng điều kiện tìm kiếm. Mỗi mục "
        "là một yêu cầu như khi gửi riêng, header viết thành `ifMatch`, `ifNoneMatch`, `ifModifiedSince`, "
        f"`ifNoneExist`; các thao tác `$` chỉ dùng trong batch. Tối đa {most} mục.",
    )
    registry = context.registry
    body = json_body(
        ref("Bundle"),
        register=examples.register(registry),
        repeatable=examples.repeatable(registry),
        batch=examples.look_up(registry),
    )
    answered = json_content(ref("Bundle"), bundle=examples.registered(registry))
    good = {"200": answer(Bilingual("What came of each entry.", "Kết quả của từng mục."), answered)}
    head = ("submitBundle", "Transaction or batch · Gửi nhiều hồ sơ", says)
    errors = ("BadBody", "NotFound", "Conflict", "Gone", "Stale", "TooLarge", "UnsupportedMedia", "Unprocessable")
    return described(context, place, head, good, errors, ("Prefer",), body)


def capabilities(context: Context, place: Place) -> Item:
    """Describe the CapabilityStatement."""
    says = Bilingual("What this service can do, for programs.", "Khả năng của hệ thống, dành cho phần mềm.")
    stated = statement(context.registry, context.settings, examples.BASE)
    short = {key: item for key, item in stated.items() if key != "rest"}
    content = json_content(ref("CapabilityStatement"), withoutRest=short)
    good = {"200": answer(Bilingual("The CapabilityStatement.", "CapabilityStatement."), content)}
    head = ("capabilities", "CapabilityStatement · Khả năng của hệ thống", says)
    return described(context, place, head, good, ("BadParameter",))
