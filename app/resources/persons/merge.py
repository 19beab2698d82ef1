"""$merge and $unmerge: two records become one person, or two again. https://hl7.org/fhir/R5/patient-operation-merge.html"""

from app.fhir.operation import Call, Operation, Parameter, Reply
from app.fhir.service import Service
from app.resources.persons.joining import Way, join
from app.resources.persons.links import with_link, without_link
from app.resources.persons.tree import merged, parted

_PARAMETERS = (
    Parameter(
        "source-patient",
        "Reference",
        "The record that is merged and stays readable.",
        "Hồ sơ được gộp; vẫn đọc được sau khi gộp.",
    ),
    Parameter(
        "source-patient-identifier",
        "Identifier",
        "Identifiers that only the source has, all of them.",
        "Các mã số chỉ hồ sơ nguồn có.",
        most="*",
    ),
    Parameter(
        "target-patient",
        "Reference",
        "The record that stands for the person.",
        "Hồ sơ đại diện cho người này.",
    ),
    Parameter(
        "target-patient-identifier",
        "Identifier",
        "Identifiers that only the target has, all of them.",
        "Các mã số chỉ hồ sơ đích có.",
        most="*",
    ),
    Parameter(
        "preview",
        "boolean",
        "Only show what would come of it.",
        "Chỉ xem trước kết quả.",
    ),
    Parameter(
        "return",
        "Parameters",
        "`input` as sent, `outcome` (OperationOutcome) and `result` (the target).",
        "`input` như đã gửi, `outcome` (OperationOutcome) và `result` (hồ sơ đích).",
        "out",
        1,
    ),
)
_MERGE = Way(
    merged,
    with_link,
    ("The records are one person now.", "Hai hồ sơ nay là một người."),
    ("The records are one person already; nothing was changed.", "Hai hồ sơ đã là một người; không có gì thay đổi."),
)
_UNMERGE = Way(
    parted,
    without_link,
    ("The merge is undone.", "Đã hủy gộp."),
    ("The source is not merged; nothing was changed.", "Hồ sơ nguồn chưa được gộp; không có gì thay đổi."),
)


async def _merge(service: Service, call: Call) -> Reply:
    return await join(service, call, MERGE, _MERGE)


async def _unmerge(service: Service, call: Call) -> Reply:
    return await join(service, call, UNMERGE, _UNMERGE)


MERGE = Operation(
    "merge",
    "Merge two records of one person",
    "Gộp hai hồ sơ của một người",
    ("type",),
    _merge,
    _PARAMETERS,
    changes=True,
    definition="http://hl7.org/fhir/OperationDefinition/Patient-merge",
    needs=("tramy/merge", "u"),
)
UNMERGE = Operation(
    "unmerge",
    "Undo a merge",
    "Hủy gộp hồ sơ",
    ("type",),
    _unmerge,
    _PARAMETERS,
    changes=True,
    needs=("tramy/merge", "u"),
)
