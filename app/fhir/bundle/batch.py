"""batch: each entry by itself, a write in a transaction of its own. https://hl7.org/fhir/R4/http.html#brules"""

from collections.abc import Sequence

from app.errors import TramyError
from app.fhir.answer import Answer
from app.fhir.asking import Asking
from app.fhir.bundle.entries import Entry
from app.fhir.bundle.operating import operate
from app.fhir.bundle.outcome import Outcome
from app.fhir.bundle.placing import at_entry
from app.fhir.bundle.reading import look
from app.fhir.bundle.references import require_resolved
from app.fhir.bundle.transaction import NOBODY, WRITES, transaction
from app.fhir.permit import permit
from app.fhir.service import Service
from app.fhir.write.transaction import AWAY, unavailable


async def batch(
    service: Service, entries: Sequence[Entry | TramyError], asking: Asking = NOBODY
) -> list[Outcome | Exception]:
    """Process the entries one after the other; an entry that fails gives its error and stops no other."""
    return [
        _unread(service, index, entry) if isinstance(entry, TramyError) else await _one(service, entry, asking)
        for index, entry in enumerate(entries)
    ]


def _unread(service: Service, index: int, error: TramyError) -> TramyError:
    """Return the error of an entry that cannot be read, which the audit keeps too."""
    with service.trail.part(index + 1, "", "", "") as part:
        service.trail.end(part, error.status)
    return error


async def _one(service: Service, entry: Entry, asking: Asking) -> Outcome | Exception:
    what = entry.asked
    with service.trail.part(entry.index + 1, what.interaction, entry.method, entry.address) as part:
        came = await _done(service, entry, asking)
        if isinstance(came, Answer) and came.kind and not came.written:
            part.saw([(came.kind.name, came.id, came.person)])
        service.trail.end(part, getattr(came, "status", 500))
        return came


async def _done(service: Service, entry: Entry, asking: Asking) -> Outcome | Exception:
    try:
        permit(service, entry.asked, conditional=entry.conditions.if_none_exist is not None)
        return await _perform(service, entry, asking)
    except TramyError as error:
        return at_entry(error, entry)
    except AWAY:
        # What the entries before it did is committed, and the client is to know which they are.
        return at_entry(unavailable(), entry)
    except Exception as error:
        return error


async def _perform(service: Service, entry: Entry, asking: Asking) -> Outcome:
    if entry.asked.interaction in WRITES:
        require_resolved(entry.raw, entry.asked.typed.name)
        return (await transaction(service, [entry], asking))[0]
    if entry.asked.interaction == "operation":
        return await operate(service, asking, entry)
    return await look(service, service.pool, asking, entry)
