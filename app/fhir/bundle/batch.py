"""batch: each entry by itself, in a transaction of its own. https://hl7.org/fhir/R4/http.html#brules"""

from collections.abc import Sequence

from app.errors import Invalid, TramyError
from app.fhir.bundle.entries import Entry
from app.fhir.bundle.plan import at_entry
from app.fhir.bundle.transaction import Outcome
from app.fhir.interactions.create import create
from app.fhir.interactions.delete import delete
from app.fhir.interactions.read import read
from app.fhir.interactions.search import search
from app.fhir.interactions.update import update
from app.fhir.interactions.vread import vread
from app.fhir.service import Service
from app.fhir.write.transaction import AWAY, unavailable


async def batch(service: Service, entries: Sequence[Entry | TramyError]) -> list[Outcome | TramyError]:
    """Process the entries one after the other; an entry that fails gives its error and stops no other."""
    return [await _one(service, entry) for entry in entries]


async def _one(service: Service, entry: Entry | TramyError) -> Outcome | TramyError:
    if isinstance(entry, TramyError):
        return entry
    try:
        return await _perform(service, entry)
    except TramyError as error:
        return at_entry(error, entry)
    except AWAY:
        # What the entries before it did is committed, and the client is to know which they are.
        return at_entry(unavailable(), entry)


async def _perform(service: Service, entry: Entry) -> Outcome:
    kind, record_id = entry.asked.kind, entry.asked.id
    if kind is not None:
        match entry.asked.interaction:
            case "create":
                return await create(service, kind, entry.raw, entry.if_none_exist)
            case "update":
                return await update(service, kind, record_id, entry.raw, entry.if_match)
            case "delete":
                return await delete(service, kind, record_id, entry.if_match)
            case "read":
                return await read(service.pool, kind, record_id)
            case "vread":
                return await vread(service.pool, kind, record_id, entry.asked.version)
            case "search":
                return await search(service, service.pool, kind, entry.asked.pairs)
    raise Invalid.of(
        "A batch may create, update, delete, read and search.",
        "batch chỉ hỗ trợ tạo, cập nhật, xóa, đọc và tìm kiếm.",
        code="not-supported",
    )
