"""Errors as they are answered, for examples: raised by the program itself wherever that needs no database."""

from collections.abc import Callable
from datetime import UTC, datetime

from starlette.requests import Request

from app.api.rates import Allowance, too_many
from app.config import Settings
from app.errors import Conflict, Fault, Stale, TooLarge, TramyError, UnsupportedMedia
from app.fhir.resource_type import ResourceType
from app.fhir.search.condition import condition
from app.fhir.search.place import Arguments, Place
from app.fhir.search.query import read_query


def raised(work: Callable[[], object]) -> TramyError:
    """Return the error that `work` raises, so that an example is what the program says."""
    try:
        work()
    except TramyError as error:
        return error
    raise AssertionError("an example of an error was answered without one")


def misread(kind: ResourceType, settings: Settings, name: str, value: str) -> TramyError:
    """Return the error of a search value of the wrong form."""
    query = read_query(kind, [(name, value)], size=settings.page_size, limit=settings.page_limit)
    place = Place(kind, settings.time_zone, datetime(2026, 1, 1, tzinfo=UTC), "")
    return raised(lambda: condition(query.criteria[0], place, Arguments()))


def request(**headers: str) -> Request:
    """Return a request with these headers."""
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": pairs})


# These errors need a database or a request to be raised; the tests hold them equal to what the service answers.
def taken(kind: ResourceType) -> TramyError:
    """Return the error of a number that another record holds."""
    system = next((held.system for held in kind.claims(dict(kind.example))), "?")
    en = f"An identifier of system {system} is already held by another record."
    vi = f"Mã số thuộc hệ thống {system} đã được một hồ sơ khác sử dụng."
    return Conflict([Fault("duplicate", en, vi, f"{kind.name}.identifier")])


def left(kind: ResourceType) -> TramyError:
    """Return the error of deleting a patient who has records of this type."""
    return Conflict.of(
        f"The patient still has records of type {kind.name}; delete or move those first.",
        f"Người dân này vẫn còn hồ sơ loại {kind.name}; hãy xóa hoặc chuyển chúng trước.",
    )


def not_current() -> TramyError:
    """Return the error of an If-Match that does not hold."""
    return Stale.of(
        "If-Match names a version that is not the current one; read the record again.",
        "If-Match không phải phiên bản hiện tại; hãy đọc lại hồ sơ.",
    )


def several() -> TramyError:
    """Return the error of a condition that several records meet."""
    return Stale.of(
        "The condition matches several records; make it match one.",
        "Điều kiện khớp với nhiều hồ sơ; hãy thu hẹp để chỉ khớp một.",
        code="multiple-matches",
    )


def no_patch() -> TramyError:
    """Return the error of a patch in a format that is not read."""
    return UnsupportedMedia.of(
        "Send application/json-patch+json, or a Parameters resource as application/fhir+json, in UTF-8.",
        "Hãy gửi application/json-patch+json, hoặc tài nguyên Parameters dạng application/fhir+json, bằng UTF-8.",
    )


def too_large(settings: Settings) -> TramyError:
    """Return the error of a body beyond the limit."""
    return TooLarge.of(
        f"A body may have at most {settings.body_limit} bytes; send several.",
        f"Nội dung tối đa {settings.body_limit} byte; hãy chia nhỏ.",
    )


def too_often() -> TramyError:
    """Return the error of a client that asks too often."""
    return too_many(Allowance(allowed=False, limit=200, remaining=0, reset=4, retry=1))


def recorded(number: str) -> TramyError:
    """Return a fault of the service's own under a number."""
    return TramyError.of(
        f"Something went wrong here; it is recorded as {number}.", f"Hệ thống gặp lỗi, đã ghi nhận với mã {number}."
    )
