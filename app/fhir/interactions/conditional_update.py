"""conditional update: of the one record that criteria find, or a new one. https://hl7.org/fhir/R4/http.html#cond-update"""

from dataclasses import replace

from app.errors import Conflict, Invalid, Stale
from app.fhir.answer import Answer, answer
from app.fhir.asked import ID, Pairs
from app.fhir.bundle.references import require_resolved
from app.fhir.conditional import Match, criteria_of, several
from app.fhir.etag import ANY
from app.fhir.interactions.conditional_write import nothing_there, write_matching
from app.fhir.interactions.create import new_id
from app.fhir.resource_type import ResourceType
from app.fhir.service import Service
from app.fhir.write.change import Change
from app.fhir.write.prepared import Prepared, prepare
from app.store.database import Connection


async def conditional_update(
    service: Service,
    kind: ResourceType,
    pairs: Pairs,
    raw: bytes,
    if_match: int | None = None,
    *,
    if_absent: bool = False,
) -> Answer:
    """Update the one record that matches; where none does, create one, under the id of the body if it has one.

    Raises Stale for several matches and for a version that is not the current one, Invalid for a body with the
    id of another record than the match, Conflict for the id of a record that does not match.
    """
    require_resolved(raw, kind.name)
    query = criteria_of(service, kind, pairs)
    prepared = prepare(service, kind, raw, service.clock())
    fresh, created = new_id(), False

    async def decide(_connection: Connection, found: list[Match]) -> list[Change]:
        nonlocal created
        created = False
        if len(found) > 1:
            raise several()
        change = change_of(prepared, found[0] if found else None, fresh, if_match)
        created = change.if_absent
        return [replace(change, if_absent=created or if_absent)]

    try:
        return answer((await write_matching(service, query, 2, decide))[0])
    except Stale:
        if created and not if_absent:
            raise in_use(kind) from None
        raise


def change_of(
    prepared: Prepared, match: Match | None, fresh: str, if_match: int | None = None, place: str = ""
) -> Change:
    """Return the update of the match, or the creation under the id of the body, else under `fresh`.

    A creation is `if_absent`: an id that is in use belongs to a record that does not match. Raises Invalid for
    an id that is not the match's or cannot be one, Stale for If-Match without a match.
    """
    kind, given = prepared.kind, prepared.id
    if match is None and if_match is not None:
        raise nothing_there()
    if match is not None:
        if given not in (None, match.id):
            raise _wrong_id(prepared)
        version = None if if_match == ANY else if_match
        return Change(kind, match.id, prepared, if_match=version, found=match.version, place=place)
    if given is None:
        return Change(kind, fresh, prepared, fresh=True, place=place)
    if not ID.fullmatch(given):
        raise _wrong_id(prepared)
    return Change(kind, given, prepared, if_absent=True, place=place)


def in_use(kind: ResourceType) -> Conflict:
    """Return the error for the id of a record that does not match."""
    return Conflict.of(
        "No record matches the condition, and the id is that of another record; correct the condition or the id.",
        "Không có hồ sơ nào khớp điều kiện, mà id này thuộc về một hồ sơ khác; hãy sửa điều kiện hoặc id.",
        f"{kind.name}.id",
    )


def _wrong_id(prepared: Prepared) -> Invalid:
    return Invalid.of(
        "The id must be absent, or that of the record that matches the condition.",
        "id phải để trống hoặc trùng với id của hồ sơ khớp điều kiện.",
        f"{prepared.kind.name}.id",
    )
