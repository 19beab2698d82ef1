"""POST /auth/introspect: whether a token is valid, and what it says. https://www.rfc-editor.org/rfc/rfc7662"""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from app.access.tokens import Token
from app.api.sign_in.addresses import INTROSPECT
from app.api.sign_in.answers import answer, answered
from app.api.sign_in.asker import asker
from app.api.sign_in.described import DECLINED, form_of
from app.api.sign_in.form import read_form, required
from app.api.sign_in.state import programs_of

router = APIRouter(tags=["Sign-in · Đăng nhập"])


@router.post(
    INTROSPECT,
    operation_id="introspect",
    summary="What a token says · Tra cứu mã truy cập",
    responses=DECLINED,
    response_description="Whether it is active, and if so what it grants, to whom and until when.",
    openapi_extra=form_of(
        "token", optional=("token_type_hint", "client_assertion_type", "client_assertion", "client_id")
    ),
)
async def introspect(request: Request) -> Response:
    """Tell a client of its own tokens, and an administrator of any; of another one only that it is not active."""
    return await answered(request, _introspect)


async def _introspect(request: Request) -> JSONResponse:
    form = await read_form(request)
    token = required(form, "token")
    found = await programs_of(request).introspect(token, await asker(request, form))
    return answer(_said(found) if found else {"active": False})


def _said(token: Token) -> dict[str, Any]:
    return {
        "active": True,
        "token_type": "bearer",
        "client_id": token.client,
        "scope": token.scopes,
        "iat": int(token.issued_at.timestamp()),
        "exp": int(token.expires_at.timestamp()),
        **({"sub": token.user_id} if token.user_id else {}),
        "tramy_places": list(token.places),
        "tramy_organization": token.organization,
    }
