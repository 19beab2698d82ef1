"""What a client finds out by itself: addresses, algorithms, scopes.

https://hl7.org/fhir/smart-app-launch/conformance.html#using-well-known
"""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from app.access.scope import OWN
from app.api.sign_in.addresses import BELOW, INTROSPECT, REVOKE, TOKEN, WELL_KNOWN, origin
from app.api.sign_in.state import settings_of

router = APIRouter(tags=["Sign-in · Đăng nhập"])
_ALGORITHMS = ["ES384", "RS384"]


def configuration(base: str) -> dict[str, Any]:
    """Return the description of the door at an address."""
    return {
        "token_endpoint": base + TOKEN,
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": _ALGORITHMS,
        "grant_types_supported": ["client_credentials"],
        "revocation_endpoint": base + REVOKE,
        "revocation_endpoint_auth_methods_supported": ["private_key_jwt"],
        "introspection_endpoint": base + INTROSPECT,
        "introspection_endpoint_auth_methods_supported": ["private_key_jwt"],
        "scopes_supported": ["system/*.cruds", "system/*.rs", *OWN],
        "code_challenge_methods_supported": ["S256"],
        "capabilities": ["client-confidential-asymmetric", "permission-v2"],
    }


@router.get(
    WELL_KNOWN,
    operation_id="smartConfiguration",
    summary="How programs sign in · Cách phần mềm đăng nhập",
    response_description="Addresses, algorithms and scopes, as SMART App Launch 2 has them.",
)
@router.get(BELOW + WELL_KNOWN, include_in_schema=False)
async def smart_configuration(request: Request) -> Response:
    """Say where tokens are given and how a program proves who it is."""
    return JSONResponse(configuration(origin(request, settings_of(request))), headers={"Cache-Control": "no-cache"})
