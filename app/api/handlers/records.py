"""Interactions with one record: read, vread, create, update, patch, delete, with their conditions."""

from starlette.requests import Request
from starlette.responses import Response

from app.api.body import read_body
from app.api.handlers.ground import Handler, base_of, header
from app.api.negotiation import Wanted, require_json
from app.api.outcome import error_response
from app.api.replies import record_response, told
from app.errors import UnsupportedMedia
from app.fhir.answer import Answer
from app.fhir.asked import Asked
from app.fhir.etag import read_if_absent, read_if_match
from app.fhir.interactions.conditional_delete import conditional_delete
from app.fhir.interactions.conditional_patch import conditional_patch
from app.fhir.interactions.conditional_read import Known, since
from app.fhir.interactions.conditional_update import conditional_update
from app.fhir.interactions.create import create
from app.fhir.interactions.delete import delete
from app.fhir.interactions.patch import Media, patch
from app.fhir.interactions.read import read
from app.fhir.interactions.update import update
from app.fhir.interactions.vread import vread
from app.fhir.service import Service
from app.fhir.shape import shape_of, shaped

_JSON_PATCH = "application/json-patch+json"
_ACCEPT_PATCH = {"Accept-Patch": f"{_JSON_PATCH}, application/fhir+json"}


async def _read(service: Service, request: Request, what: Asked, want: Wanted) -> Response:
    return await _seen(service, request, what, want, await read(service.near, what.typed, what.id))


async def _vread(service: Service, request: Request, what: Asked, want: Wanted) -> Response:
    return await _seen(service, request, what, want, await vread(service.near, what.typed, what.id, what.version))


async def _seen(service: Service, request: Request, what: Asked, want: Wanted, answer: Answer) -> Response:
    """Return what was read in the shape that is asked for, or that the client has it."""
    service.trail.saw([(what.typed.name, answer.id, answer.person)])
    shape = shape_of(what.pairs, [what.typed.name]) if what.pairs else None
    known = Known(request.headers.get("if-none-match"), request.headers.get("if-modified-since"))
    if known != Known():
        answer = await since(service.pool, answer, known, service.clock())
    if shape and answer.body:
        answer = answer._replace(body=shaped(answer.body, what.typed.name, shape))
    return record_response(answer, want._replace(returned=None), "")


async def _create(service: Service, request: Request, what: Asked, want: Wanted) -> Response:
    require_json(request)
    base = base_of(service, request)
    condition = header(request, "If-None-Exist")
    raw = await read_body(request, service.settings.body_limit)
    return record_response(await create(service, what.typed, raw, condition), want, base)


async def _update(service: Service, request: Request, what: Asked, want: Wanted) -> Response:
    require_json(request)
    base = base_of(service, request)
    if_match = _if_match(request)
    absent = read_if_absent(request.headers.get("if-none-match"))
    raw = await read_body(request, service.settings.body_limit)
    if what.id:
        answer = await update(service, what.typed, what.id, raw, if_match, if_absent=absent)
    else:
        answer = await conditional_update(service, what.typed, what.pairs, raw, if_match, if_absent=absent)
    return record_response(answer, want, base)


async def _patch(service: Service, request: Request, what: Asked, want: Wanted) -> Response:
    try:
        media = _patch_media(request)
    except UnsupportedMedia:
        return error_response(_no_patch(), _ACCEPT_PATCH)
    base = base_of(service, request)
    # A patch is of a record that is there, which is all that `*` asks for.
    if_match = _if_match(request) or None
    raw = await read_body(request, service.settings.body_limit)
    if what.id:
        answer = await patch(service, what.typed, what.id, raw, media, if_match)
    else:
        answer = await conditional_patch(service, what.typed, what.pairs, raw, media, if_match)
    return record_response(answer, want, base)


def _patch_media(request: Request) -> Media:
    """Return the kind of patch that Content-Type says. Raises UnsupportedMedia."""
    if request.headers.get("content-type", "").lower().partition(";")[0].strip() == _JSON_PATCH:
        return "json"
    require_json(request)
    return "fhirpath"


def _no_patch() -> UnsupportedMedia:
    return UnsupportedMedia.of(
        f"Send {_JSON_PATCH}, or a Parameters resource as application/fhir+json, in UTF-8.",
        f"Hãy gửi {_JSON_PATCH}, hoặc tài nguyên Parameters dạng application/fhir+json, bằng UTF-8.",
    )


async def _delete(service: Service, request: Request, what: Asked, want: Wanted) -> Response:
    answer = await delete(service, what.typed, what.id, _if_match(request))
    return record_response(answer, want, "")


async def _conditional_delete(service: Service, request: Request, what: Asked, want: Wanted) -> Response:
    done = await conditional_delete(service, what.typed, what.pairs, _if_match(request))
    return record_response(
        done.answer, want, "", told(f"Records deleted: {done.number}.", f"Số hồ sơ đã xóa: {done.number}.")
    )


def _if_match(request: Request) -> int | None:
    return read_if_match(request.headers.get("if-match"))


HANDLERS: dict[str, Handler] = {
    "read": _read,
    "vread": _vread,
    "create": _create,
    "update": _update,
    "conditional-update": _update,
    "patch": _patch,
    "conditional-patch": _patch,
    "delete": _delete,
    "conditional-delete": _conditional_delete,
}
