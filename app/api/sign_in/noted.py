"""That a person's session began or ended, in the audit, in the transaction in which it does.

https://hl7.org/fhir/R4/auditevent.html
"""

import json

from app.access.claims import Holding
from app.access.session import PROGRAM, Noted
from app.api.loglines import REQUEST
from app.audit.event import EXECUTE, Event
from app.audit.writing import write
from app.fhir.service import Service
from app.store.database import Connection

_NAMES = {"sign-in": "session-begin", "sign-out": "session-end"}


def noting(service: Service) -> Noted:
    """Return what writes the event of a session: whose it is, with what role and places, in which request."""

    async def noted(connection: Connection, what: str, subject: str, holding: Holding) -> None:
        event = Event(
            at=service.clock(),
            action=EXECUTE,
            interaction=_NAMES[what],
            request=REQUEST.get(),
            client=PROGRAM,
            user=subject,
            organization=holding.organization,
            detail=json.dumps({"role": holding.role, "places": holding.places}),
        )
        await write(connection, [event], service.epoch)

    return noted
