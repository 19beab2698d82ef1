"""Everything that can go wrong, as one tree; `api/outcome.py` alone turns it into responses.

    TramyError                     500  exception
    ├── Refused                         the client can mend it
    │   ├── Malformed              400  structure   bytes that are not the JSON asked for
    │   ├── Invalid                400  invalid     a resource that breaks a rule of FHIR
    │   ├── BadParameter           400  invalid     a search or query parameter not understood
    │   ├── Unauthenticated        401  login       no token, or one that is not or no longer valid
    │   ├── Forbidden              403  forbidden   the token does not grant this interaction
    │   ├── Unprocessable          422  processing  a resource that breaks a rule of this service
    │   ├── NotFound               404  not-found
    │   ├── Gone                   410  deleted
    │   ├── NotAllowed             405  not-supported
    │   ├── NotAcceptable          406  not-supported
    │   ├── TooSlow                408  timeout     a body that does not come in time
    │   ├── Conflict               409  conflict
    │   ├── Stale                  412  conflict    a precondition that does not hold (If-Match, several matches)
    │   ├── TooLarge               413  too-long
    │   ├── UnsupportedMedia       415  not-supported
    │   └── TooMany                429  throttled   more requests than a client may send in this time
    ├── Unavailable                503  transient   the database is away or busy; try again
    └── Misconfigured              500  exception   a setting or an installation that cannot work

A message names the element and what was expected and never repeats what was sent: it may be a
person's data. https://hl7.org/fhir/R4/operationoutcome.html
"""

from collections.abc import Iterable
from typing import ClassVar, NamedTuple, Self


class Fault(NamedTuple):
    """One thing wrong: a FHIR issue code, what is wrong in English and Vietnamese, and where (FHIRPath)."""

    code: str
    en: str
    vi: str
    expression: str = ""
    severity: str = "error"


class TramyError(Exception):
    """The root: an HTTP status, and one or more faults."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "exception"

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{f.expression}: {f.en}" if f.expression else f.en for f in self.faults))

    @classmethod
    def of(cls, en: str, vi: str, expression: str = "", code: str = "") -> Self:
        """Make this error with the one fault it has."""
        return cls([Fault(code or cls.code, en, vi, expression)])


class Refused(TramyError):
    """The client's to mend."""

    status = 400
    code = "invalid"


class Malformed(Refused):
    """Bytes that are not the JSON asked for, or beyond a limit of depth or number."""

    code = "structure"


class Invalid(Refused):
    """A resource that breaks a rule of FHIR."""


class BadParameter(Refused):
    """A parameter that is unknown or not understood; never ignored."""


class Unauthenticated(Refused):
    """Nobody that is known here asks."""

    status = 401
    code = "login"


class Forbidden(Refused):
    """Who asks is known, and was not granted this; never said of one record among others, which is not found."""

    status = 403
    code = "forbidden"


class Unprocessable(Refused):
    """A resource that is FHIR but breaks a rule of this service."""

    status = 422
    code = "processing"


class NotFound(Refused):
    """No such resource, version or type here."""

    status = 404
    code = "not-found"


class Gone(Refused):
    """It was here and has been deleted."""

    status = 410
    code = "deleted"


class NotAllowed(Refused):
    """The address exists, the method does not."""

    status = 405
    code = "not-supported"


class NotAcceptable(Refused):
    """A format was asked for that is not served."""

    status = 406
    code = "not-supported"


class TooSlow(Refused):
    """A body that does not come in time."""

    status = 408
    code = "timeout"


class Conflict(Refused):
    """Another record or another writer is in the way."""

    status = 409
    code = "conflict"


class Stale(Refused):
    """A precondition does not hold."""

    status = 412
    code = "conflict"


class TooLarge(Refused):
    """More bytes or entries than are taken at once."""

    status = 413
    code = "too-long"


class UnsupportedMedia(Refused):
    """A body in a format that is not read."""

    status = 415
    code = "not-supported"


class TooMany(Refused):
    """More requests than this client may send; Retry-After says when to go on."""

    status = 429
    code = "throttled"


class Unavailable(TramyError):
    """The database is away or busy; the same request may succeed later."""

    status = 503
    code = "transient"


class Misconfigured(TramyError):
    """A setting or an installation that cannot work; says what to do."""
