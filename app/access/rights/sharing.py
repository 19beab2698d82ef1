"""Whether records may be given to another organisation: asked before each export or sharing. Law 91/2025/QH15.

Care providers and health or life insurers receive nothing without the person's written request (Art. 26.2); others need
a consent for the purpose (Art. 9) or a written request. Neither is asked where the law itself allows it (Art. 19.1).
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from app.access.caller import Caller
from app.access.rights.deed import Deed, record
from app.errors import BadParameter
from app.store.database import Connection, Reader

BY_REQUEST = ("care-provider", "health-insurer", "life-insurer")
"""Partners to whom only a written request opens the records (Law 91/2025/QH15, Art. 26.2)."""
PARTNERS = (*BY_REQUEST, "social-insurance", "state-body", "research", "vendor", "other")
BASES: Mapping[str, tuple[str, str]] = {
    "statement": ("the person's consent or written request", "sự đồng ý hoặc yêu cầu bằng văn bản của chủ thể dữ liệu"),
    "emergency": (
        "life, health or property in urgent danger, Law 91/2025/QH15 Art. 19.1",
        "bảo vệ tính mạng, sức khỏe, tài sản trong trường hợp cấp bách, Luật 91/2025/QH15 Điều 19.1",
    ),
    "state-duty": (
        "a duty of a state body laid down by law, Law 91/2025/QH15 Art. 19.1",
        "phục vụ hoạt động của cơ quan nhà nước theo luật định, Luật 91/2025/QH15 Điều 19.1",
    ),
    "other-law": (
        "another case that the law provides for, Law 91/2025/QH15 Art. 19.1",
        "trường hợp khác theo quy định của pháp luật, Luật 91/2025/QH15 Điều 19.1",
    ),
}
"""On what a sharing rests; `record_sharing` tells the audit."""


class Recipient(NamedTuple):
    """Who is to receive records: an organisation ("" where only its kind is known), and what kind of partner it is."""

    organization: str
    partner: str


_OPEN = """
select distinct p.id from unnest($1::text[]) as p(id)
where not exists (
    select from consent c where c.patient_id = p.id and c.kind = any($2::text[]) and {fits} and {stands}
) or exists (
    select from consent c where c.patient_id = p.id and c.kind = 'objection' and {fits} and {stands}
)
order by p.id
""".format(
    fits="c.recipient = any($3::text[]) and c.purpose = $4",
    stands="c.valid_from <= $5 and (c.valid_until is null or c.valid_until >= $5)"
    " and not exists (select from consent w where w.withdraws = c.id)",
)


async def may_share(
    reader: Reader, patient_ids: Sequence[str], recipient: Recipient, purpose: str, legal_basis: str, on: date
) -> list[str]:
    """Return the ids of the people whose records may not be given away, in order; [] when all may.

    Raises BadParameter for a partner or a legal basis that is not known: a right is never guessed.
    """
    _known("recipient", recipient.partner, PARTNERS)
    _known("legal_basis", legal_basis, tuple(BASES))
    if legal_basis != "statement":
        return []
    kinds = ["written-request"] if recipient.partner in BY_REQUEST else ["consent", "written-request"]
    names = [name for name in recipient if name]
    rows = await reader.fetch(_OPEN, list(patient_ids), kinds, names, purpose, on)
    return [row["id"] for row in rows]


async def record_sharing(
    connection: Connection,
    caller: Caller,
    patient_ids: Sequence[str],
    recipient: Recipient,
    purpose: str,
    legal_basis: str,
    now: datetime,
) -> None:
    """Tell the audit on what a sharing rests, in its transaction, after `may_share` has refused nobody."""
    detail = {"recipient": recipient.organization, "partner": recipient.partner, "basis": legal_basis}
    await record(connection, Deed(now, caller, "share", "R", tuple(patient_ids), purpose, detail=detail))


def _known(name: str, value: str, words: Sequence[str]) -> None:
    if value not in words:
        listed = ", ".join(words)
        raise BadParameter.of(f"{name} must be one of {listed}.", f"{name} phải là một trong: {listed}.", name)
