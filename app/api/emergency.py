"""Access in an emergency over HTTP: opened by a header or a route, and marked in the audit for as long as it lasts.

https://hl7.org/fhir/R4/security-labels.html#break-the-glass
"""

from datetime import datetime
from urllib.parse import unquote

from starlette.requests import Request

from app.access.rights.emergency import SCOPE, open_emergency, reasons
from app.errors import BadParameter
from app.fhir.asked import Asked
from app.fhir.service import Service
from app.fhir.write.group import together
from app.store.pool import lend

HEADER = "X-Break-Glass"
"""The header of a read in an emergency: the reason, percent-encoded UTF-8."""
_OF_ONE = ("read", "vread", "history", "operation", "search-compartment")


async def open_person(service: Service, patient_id: str, reason: str) -> datetime:
    """Open a person's records, merged ones too, commit, and return until when. The reads that follow are marked.

    Raises Forbidden without the scope, BadParameter without a reason.
    """
    now = service.clock()
    until = now
    async with lend(service.writing) as connection, connection.transaction():
        for record in await together(connection, service.registry, [patient_id]):
            until = await open_emergency(connection, service.caller, record, reason, now)
    await mark(service)
    return until


async def open_if_asked(service: Service, request: Request, what: Asked) -> None:
    """Open the person whom a read is about, if it has the header. Raises BadParameter at any other request."""
    stated = request.headers.get(HEADER)
    if stated is None:
        return
    if request.method not in ("GET", "HEAD") or what.interaction not in _OF_ONE or not _is_person(what):
        raise BadParameter.of(
            f"{HEADER} stands only in a read of one Patient and what belongs to it.",
            f"{HEADER} chỉ dùng khi đọc hồ sơ của một Patient.",
            HEADER,
        )
    await open_person(service, what.id, _decoded(stated))


async def mark(service: Service) -> None:
    """Let the audit say why, of what is seen of people whose records stand open to the caller in an emergency.

    Only who may open them is asked about, so that a request of anybody else costs nothing.
    """
    if service.caller.may(SCOPE):
        async with lend(service.plain) as connection:
            found = await reasons(connection, service.caller, service.clock())
        service.trail.emergencies.update(found)


def _is_person(what: Asked) -> bool:
    return what.kind is not None and what.kind.is_person and bool(what.id)


def _decoded(stated: str) -> str:
    try:
        return unquote(stated, errors="strict")
    except UnicodeDecodeError:
        raise BadParameter.of(
            f"{HEADER} must be percent-encoded UTF-8.", f"{HEADER} phải là UTF-8 mã hóa phần trăm.", HEADER
        ) from None
