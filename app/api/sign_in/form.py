"""The form of a request to the door: small, UTF-8, no field twice. https://www.rfc-editor.org/rfc/rfc6749#section-3.2"""

from urllib.parse import parse_qsl

from starlette.requests import Request

from app.api.body import read_body
from app.errors import BadParameter

Form = dict[str, str]
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LIMIT = 64 * 1024
_MOST = 20


async def read_form(request: Request) -> Form:
    """Return the fields of a request; one that is empty counts as absent.

    Raises BadParameter for another kind of body, a field that stands twice, or text that is not UTF-8; TooLarge.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise _refused("The body must be application/x-www-form-urlencoded.", "Nội dung phải ở dạng biểu mẫu.")
    raw = await read_body(request, _LIMIT)
    try:
        pairs = parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST, strict_parsing=bool(raw)
        )
    except ValueError:
        raise _refused("The form cannot be read.", "Không đọc được biểu mẫu.") from None
    form = dict(pairs)
    if len(form) != len(pairs) or any("\0" in value for value in form.values()):
        raise _refused("Each field may stand once.", "Mỗi trường chỉ được có một lần.")
    return {name: value for name, value in form.items() if value}


def required(form: Form, name: str) -> str:
    """Return a field that must be there. Raises BadParameter."""
    if name not in form:
        raise BadParameter.of(f"The field {name} is missing.", f"Thiếu trường {name}.", name)
    return form[name]


def assertion_of(request: Request, form: Form) -> str:
    """Return the assertion by which a client proves who it is. Raises BadParameter for another way to do so.

    Also for another way beside it: two proofs may be of two clients.
    """
    if "authorization" in request.headers:
        raise _refused(
            "A client proves itself by its assertion alone, without an Authorization header.",
            "Phần mềm chỉ chứng minh bằng xác nhận đã ký, không kèm tiêu đề Authorization.",
        )
    if required(form, "client_assertion_type") != ASSERTION_TYPE:
        raise _refused(
            f"client_assertion_type must be {ASSERTION_TYPE}", f"client_assertion_type phải là {ASSERTION_TYPE}"
        )
    if "client_secret" in form:
        raise _refused("A client here has no secret, only its key.", "Phần mềm chỉ dùng khóa, không có mật khẩu.")
    return required(form, "client_assertion")


def _refused(en: str, vi: str) -> BadParameter:
    return BadParameter.of(en, vi, "request")
