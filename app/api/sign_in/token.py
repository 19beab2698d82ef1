"""POST /auth/token: a program proves who it is and gets a token for a quarter of an hour at most.

https://hl7.org/fhir/smart-app-launch/backend-services.html#obtain-access-token
"""

from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from app.api.sign_in.addresses import TOKEN, origin
from app.api.sign_in.answers import UNSUPPORTED, answer, answered
from app.api.sign_in.described import DECLINED, form_of
from app.api.sign_in.form import assertion_of, read_form, required
from app.api.sign_in.state import programs_of, settings_of
from app.errors import BadParameter

router = APIRouter(tags=["Sign-in · Đăng nhập"])


class TokenAnswer(BaseModel):
    """A token, what it grants, and for how many seconds."""

    access_token: str
    token_type: Literal["bearer"]
    expires_in: int
    scope: str


@router.post(
    TOKEN,
    operation_id="token",
    summary="A token for a program · Cấp mã truy cập cho phần mềm",
    response_model=TokenAnswer,
    responses=DECLINED,
    openapi_extra=form_of("grant_type", "scope", "client_assertion_type", "client_assertion"),
)
async def token(request: Request) -> Response:
    """Give a token for those of the scopes asked for that are registered; SMART Backend Services."""
    return await answered(request, _token)


async def _token(request: Request) -> JSONResponse:
    form = await read_form(request)
    if required(form, "grant_type") != "client_credentials":
        raise BadParameter.of(
            "grant_type must be client_credentials.",
            "grant_type phải là client_credentials.",
            "grant_type",
            UNSUPPORTED,
        )
    assertion, scope = assertion_of(request, form), required(form, "scope")
    audiences = (origin(request, settings_of(request)) + TOKEN,)
    programs = programs_of(request)
    client = await programs.prove(assertion, audiences, form.get("client_id", ""))
    request.state.client = client.id
    granted = await programs.token(client, scope)
    return answer(
        {
            "access_token": granted.token,
            "token_type": "bearer",
            "expires_in": granted.seconds,
            "scope": granted.scopes,
        }
    )
