"""conditional delete: of what criteria find. https://hl7.org/fhir/R4/http.html#3.1.0.7.1"""

from typing import NamedTuple

from app.errors import Stale
from app.fhir.answer import Answer, answer
from app.fhir.asked import Pairs
from app.fhir.conditional import Match, criteria_of, several
from app.fhir.etag import ANY
from app.fhir.interactions.conditional_write import nothing_there, write_matching
from app.fhir.resource_type import ResourceType
from app.fhir.service import Service
from app.fhir.write.change import Change
from app.store.database import Connection


class Deleted(NamedTuple):
    """How many records were deleted, and the answer: of the one, where it was one."""

    answer: Answer
    number: int


async def conditional_delete(
    service: Service, kind: ResourceType, pairs: Pairs, if_match: int | None = None
) -> Deleted:
    """Delete the one record that matches, or all of them where the type says that many may go.

    No match is answered as the deletion of what is not there: an ordinary delete, says R4, and so 204. Raises
    Stale for more matches than may go, and for If-Match without a match or with another version.
    """

    async def decide(_connection: Connection, found: list[Match]) -> list[Change]:
        return deletions(service, kind, found, if_match)

    written = await write_matching(service, criteria_of(service, kind, pairs), _most(service, kind) + 1, decide)
    one = answer(written[0]) if len(written) == 1 else Answer(204, written=True)
    return Deleted(one, sum(item.outcome == "deleted" for item in written))


def deletions(
    service: Service, kind: ResourceType, found: list[Match], if_match: int | None = None, place: str = ""
) -> list[Change]:
    """Return the deletions of the matches; one more than may go is enough to refuse.

    Raises Stale for too many, and for If-Match with no match or several.
    """
    if if_match is not None and not found:
        raise nothing_there()
    if len(found) > 1 and (if_match is not None or not kind.deletes_many):
        raise several()
    if len(found) > _most(service, kind):
        raise Stale.of(
            f"The condition matches more than {_most(service, kind)} records, the most that go at once; narrow it.",
            f"Điều kiện khớp với hơn {_most(service, kind)} hồ sơ, mức tối đa xóa một lần; hãy thu hẹp.",
            code="multiple-matches",
        )
    version = None if if_match == ANY else if_match
    return [Change(kind, match.id, None, if_match=version, found=match.version, place=place) for match in found]


def _most(service: Service, kind: ResourceType) -> int:
    return service.settings.page_limit if kind.deletes_many else 1
