"""Requests that may be answered later, and the jobs that stand for them. https://hl7.org/fhir/R4/async.html"""

from app.api.handlers import jobs
from app.api.openapi.parameters import path
from app.api.openapi.parts import Context, Item, Place, answer, described, json_content, shared
from app.api.openapi.schemas import ref
from app.fhir.asked import Asked
from app.fhir.search.described import Bilingual

_JOB = "019ab3c07d1e7c608a540c1d2e3f4a5b"


def can_wait(method: str, interaction: str, operation: str = "") -> bool:
    """Say whether a request may be answered later."""
    return jobs.can_wait(method, Asked(interaction, None, "", "", [], operation))


def waiting() -> Item:
    """Return the answer to a request that is taken and answered later, by its status."""
    return {"202": shared("Accepted")}


def components() -> dict[str, Item]:
    """Return the parameter of the path of a job, by its name among the components."""
    says = Bilingual("The id of the job, from `Content-Location`.", "Mã của yêu cầu, lấy từ `Content-Location`.")
    return {"job": path("id", says, "^[A-Za-z0-9.-]{1,64}$", _JOB)}


def responses() -> dict[str, Item]:
    """Return the answer that all requests share which are answered later."""
    says = Bilingual(
        "With `Prefer: respond-async`: the request is taken, its answer will be at `Content-Location`.",
        "Khi có `Prefer: respond-async`: đã nhận yêu cầu, kết quả sẽ ở `Content-Location`.",
    )
    return {
        "Accepted": answer(says, json_content(ref("OperationOutcome")), "Content-Location", "Preference-Applied"),
    }


def job(context: Context, place: Place) -> Item:
    """Describe the asking for an answer."""
    says = Bilingual(
        "How a request stands that was sent with `Prefer: respond-async`, or its answer: a Bundle whose one entry is "
        "what the request would have been answered at once. It is kept for 24 hours, or until it is deleted.",
        "Tình trạng của yêu cầu gửi với `Prefer: respond-async`, hoặc kết quả: một Bundle có một mục là câu trả lời "
        "của yêu cầu đó. Kết quả được giữ 24 giờ, hoặc đến khi bị xóa.",
    )
    done = answer(Bilingual("The answer.", "Kết quả."), json_content(ref("Bundle")), "Expires", "Cache-Control")
    running = answer(
        Bilingual("Not answered yet.", "Chưa có kết quả."), None, "X-Progress", "Retry-After", "Cache-Control"
    )
    head = ("job", "The answer to an earlier request · Kết quả của yêu cầu trước", says)
    return described(context, place, head, {"200": done, "202": running}, ("BadParameter", "NotFound"))


def cancel(context: Context, place: Place) -> Item:
    """Describe the giving up of a request."""
    says = Bilingual("Gives the request up, or deletes its answer.", "Hủy yêu cầu, hoặc xóa kết quả.")
    gone = answer(Bilingual("It is gone.", "Đã xóa."))
    head = ("cancelJob", "Give an earlier request up · Hủy yêu cầu trước", says)
    return described(context, place, head, {"202": gone}, ("BadParameter", "NotFound"))
