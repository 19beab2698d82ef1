"""Who may sign for whom: under 7 the guardian alone, from 7 to 15 the child and the guardian. Law 91/2025/QH15.

A child is who is under 16 (Law 102/2016/QH13, Art. 1).
"""

from datetime import date

from app.errors import BadParameter

SIGNERS = ("self", "guardian", "both")
GUARDIAN_ALONE, CHILD = 7, 16


def require_signer(given_by: str, relation: str, born: date | None, on: date) -> None:
    """Raise BadParameter where who signed may not, by the age on the day; without a birth date age is not judged."""
    if given_by not in SIGNERS:
        raise _refused("must be self, guardian or both", "phải là self, guardian hoặc both")
    if given_by != "self" and not relation:
        raise BadParameter.of(
            "relation must say what the guardian is to the person.",
            "relation phải ghi quan hệ của người đại diện với người này.",
            "relation",
        )
    if born is None:
        return
    years = age(born, on)
    if years < GUARDIAN_ALONE and given_by != "guardian":
        raise _refused(
            f"must be guardian for a child under {GUARDIAN_ALONE}",
            f"phải là guardian đối với trẻ dưới {GUARDIAN_ALONE} tuổi",
        )
    if GUARDIAN_ALONE <= years < CHILD and given_by != "both":
        raise _refused(
            f"must be both, child and guardian, from {GUARDIAN_ALONE} to {CHILD - 1} years of age",
            f"phải là both, gồm trẻ và người đại diện, từ {GUARDIAN_ALONE} đến {CHILD - 1} tuổi",
        )


def age(born: date, on: date) -> int:
    """Return the full years of age on a day."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _refused(en: str, vi: str) -> BadParameter:
    return BadParameter.of(f"given_by {en}.", f"given_by {vi}.", "given_by")
