"""Who asks about a token, or to end one: a program that proves itself, or an administrator by a token."""

from starlette.requests import Request

from app.api.sign_in.addresses import INTROSPECT, REVOKE, TOKEN, origin
from app.api.sign_in.bearer import bearer
from app.api.sign_in.form import Form, assertion_of
from app.api.sign_in.state import authority_of, programs_of, settings_of
from app.errors import Forbidden

ADMIN = "tramy/admin"


async def asker(request: Request, form: Form) -> str | None:
    """Return the client whose tokens this is about, None for one who may speak of any.

    Who asked is left in `request.state.client`, for the audit.
    Raises Unauthenticated, or Forbidden for a token that does not grant administration.
    """
    if "authorization" in request.headers and "client_assertion" not in form:
        caller = await authority_of(request).caller(bearer(request))
        if not caller.may(ADMIN):
            raise Forbidden.of(f"This needs the scope {ADMIN}.", f"Cần phạm vi {ADMIN}.")
        request.state.client = caller.client
        return None
    base = origin(request, settings_of(request))
    audiences = tuple(base + path for path in (TOKEN, REVOKE, INTROSPECT))
    client = await programs_of(request).prove(assertion_of(request, form), audiences, form.get("client_id", ""))
    request.state.client = client.id
    return client.id
