"""What was merged into what, as a tree of each person: every merge is one branch, so an undo takes back just that.

The record at the root stands for the person. A record that others were merged into takes them along when it is
merged itself, and when that is undone.
"""

from collections import Counter
from collections.abc import Mapping

from app.errors import Conflict
from app.fhir.write.group import Member

Parents = Mapping[str, str | None]
"""The record that each record was merged into, None for one that was not."""


def parents_of(members: Mapping[str, Member]) -> dict[str, str | None]:
    """Return what was merged into what among locked records."""
    return {member.id: member.into for member in members.values()}


def merged(parents: Parents, source: str, target: str) -> Parents | None:
    """Return the tree after a merge, None when the two are one person already.

    Raises Conflict for a source that was merged into another person, or that stands for the target already.
    """
    if root(parents, source) != root(parents, target):
        if parents[source] is not None:
            raise Conflict.of(
                "The source has been merged into another record (its link replaced-by); undo that first, or merge that"
                " record.",
                "Hồ sơ nguồn đã được gộp vào hồ sơ khác (xem link replaced-by); hãy hủy gộp trước, hoặc gộp hồ sơ kia.",
                "source-patient",
            )
        return {**parents, source: target}
    if parents[source] is None:
        raise Conflict.of(
            "The target has been merged into the source; undo that first to merge them the other way round.",
            "Hồ sơ đích đã được gộp vào hồ sơ nguồn; hãy hủy gộp trước khi gộp theo chiều ngược lại.",
            "target-patient",
        )
    return None


def parted(parents: Parents, source: str, target: str) -> Parents | None:
    """Return the tree after an undo, None when the source is not merged at all.

    Raises Conflict for a source that was merged into a record other than the target.
    """
    into = parents[source]
    if into is None:
        return None
    if into != target:
        raise Conflict.of(
            "The source was merged into another record than the target; its link replaced-by names that record.",
            "Hồ sơ nguồn được gộp vào hồ sơ khác, không phải hồ sơ đích; xem link replaced-by của nó.",
            "target-patient",
        )
    return {**parents, source: None}


def root(parents: Parents, record: str) -> str:
    """Return the record that stands for the person of a record."""
    while (into := parents[record]) is not None:
        record = into
    return record


def persons(parents: Parents) -> dict[str, str | None]:
    """Return the record that stands for each record's person, None for one that is alone."""
    roots = {record: root(parents, record) for record in parents}
    sizes = Counter(roots.values())
    return {record: head if sizes[head] > 1 else None for record, head in roots.items()}
