"""conditional patch: of the one record that criteria find. https://hl7.org/fhir/R4/http.html#patch"""

from app.errors import NotFound
from app.fhir.answer import Answer, answer
from app.fhir.asked import Pairs
from app.fhir.conditional import Match, criteria_of, several
from app.fhir.interactions.conditional_write import write_matching
from app.fhir.interactions.patch import Media, patch_change, read_patch
from app.fhir.resource_type import ResourceType
from app.fhir.service import Service
from app.fhir.write.change import Change
from app.fhir.write.current import Widened
from app.store.database import Connection


async def conditional_patch(
    service: Service,
    kind: ResourceType,
    pairs: Pairs,
    raw: bytes,
    media: Media,
    if_match: int | None = None,
) -> Answer:
    """Patch the one record that matches. Raises NotFound where none does, Stale for several and for If-Match."""
    query = criteria_of(service, kind, pairs)
    document = read_patch(service, raw, media)

    async def decide(connection: Connection, found: list[Match]) -> list[Change]:
        match = require_one(kind, found)
        change = await patch_change(service, connection, kind, match.id, document, if_match)
        if change.found != match.version:
            raise Widened
        return [change]

    return answer((await write_matching(service, query, 2, decide))[0])


def require_one(kind: ResourceType, found: list[Match]) -> Match:
    """Return the one match. Raises NotFound for none, Stale for several."""
    if len(found) > 1:
        raise several()
    if not found:
        raise NotFound.of(f"No {kind.name} matches the condition.", f"Không có {kind.name} nào khớp điều kiện.")
    return found[0]
