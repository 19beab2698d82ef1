"""POST /auth/revoke: a token ends before its time. https://www.rfc-editor.org/rfc/rfc7009"""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from app.api.sign_in.addresses import REVOKE
from app.api.sign_in.answers import answer, answered
from app.api.sign_in.asker import asker
from app.api.sign_in.described import DECLINED, form_of
from app.api.sign_in.form import read_form, required
from app.api.sign_in.state import programs_of

router = APIRouter(tags=["Sign-in · Đăng nhập"])


@router.post(
    REVOKE,
    operation_id="revoke",
    summary="End a token · Hủy mã truy cập",
    responses=DECLINED,
    response_description="The token is not valid, whatever it was before.",
    openapi_extra=form_of(
        "token", optional=("token_type_hint", "client_assertion_type", "client_assertion", "client_id")
    ),
)
async def revoke(request: Request) -> Response:
    """End a token of the client that asks, or any for an administrator; without such a token the answer is the same."""
    return await answered(request, _revoke)


async def _revoke(request: Request) -> JSONResponse:
    form = await read_form(request)
    token = required(form, "token")
    await programs_of(request).revoke(token, await asker(request, form))
    return answer({})
