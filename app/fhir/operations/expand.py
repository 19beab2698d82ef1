"""$expand: the codes of a value set, in pages. https://hl7.org/fhir/R4/valueset-operation-expand.html"""

import json
from typing import Any

from app.fhir.body import stamp
from app.fhir.fold import fold
from app.fhir.operation import Call, Operation, Parameter, Reply, given
from app.fhir.operations.coded import LANGUAGE, URL, flag, found_value_set, language, text, whole
from app.fhir.published.concepts import Concept, Tree
from app.fhir.published.terminology import Member, expansion
from app.fhir.service import Service

MOST = 1000
"""The most codes in one answer; `total` says how many there are, `offset` gets the others."""


async def expand(service: Service, call: Call) -> Reply:
    """Return the ValueSet with its codes. Raises NotFound for one that is not shipped, and BadParameter."""
    sent = given(service, call, EXPAND)
    tree = found_value_set(sent, call.id)
    wanted, speech = text(sent, "filter"), language(sent)
    count, offset = whole(sent, "count"), whole(sent, "offset") or 0
    designated = flag(sent, "includeDesignations")
    found = [member for member in expansion(tree) if not wanted or _is_like(member.concept, wanted)]
    size = min(MOST if count is None else count, MOST)
    told = {"filter": wanted, "displayLanguage": speech} | {"includeDesignations": designated}
    if "count" in sent or "offset" in sent or len(found) > size:
        told |= {"count": size, "offset": offset}
    expanded: dict[str, Any] = {"timestamp": stamp(service.clock()), "total": len(found)}
    if "count" in told:
        expanded["offset"] = offset
    listed = [_parameter(name, value) for name, value in told.items() if value not in ("", False) or name == "offset"]
    if listed:
        expanded["parameter"] = listed
    shown = found[offset : offset + size]
    if shown:
        expanded["contains"] = [_contained(member, speech, designated) for member in shown]
    return Reply(json.dumps({**tree, "expansion": expanded}, ensure_ascii=False))


def _is_like(concept: Concept, wanted: str) -> bool:
    """Say whether each word that was typed begins a word of one of a concept's texts, or the code begins so."""
    typed = fold(wanted)
    if fold(concept.code).startswith(typed):
        return True
    return any(
        all(any(word.startswith(part) for word in fold(shown).split()) for part in typed.split())
        for shown in concept.texts.values()
    )


def _parameter(name: str, value: str | bool | int) -> Tree:
    if isinstance(value, bool):
        return {"name": name, "valueBoolean": value}
    return {"name": name, "valueInteger": value} if isinstance(value, int) else {"name": name, "valueString": value}


def _contained(member: Member, speech: str, designated: bool) -> Tree:
    system, concept = member
    made = {"system": system.url}
    if system.tree.get("versionNeeded"):
        made["version"] = system.version
    made["code"] = concept.code
    display = concept.display(speech)
    if display:
        made["display"] = display
    if not designated:
        return made
    others = [{"language": name, "value": value} for name, value in concept.texts.items() if name]
    return {**made, "designation": others} if others else made


EXPAND = Operation(
    "expand",
    "The codes of a value set",
    "Các mã thuộc một bộ giá trị",
    ("type", "instance"),
    expand,
    (
        URL,
        Parameter("valueSetVersion", "string", "The version that is meant.", "Phiên bản của bộ giá trị."),
        Parameter(
            "filter",
            "string",
            "What was typed so far: the beginning of a code, or of words of its text, without regard to accents.",
            "Nội dung đang gõ: phần đầu của mã hoặc của các từ trong tên, không cần dấu.",
        ),
        Parameter("offset", "integer", "How many codes to pass over.", "Số mã bỏ qua từ đầu."),
        Parameter("count", "integer", f"How many codes, {MOST} at most.", f"Số mã trả về, tối đa {MOST}."),
        Parameter("includeDesignations", "boolean", "Give texts in other languages.", "Kèm tên ở các ngôn ngữ khác."),
        LANGUAGE,
        Parameter("return", "ValueSet", "The value set with its codes.", "Bộ giá trị kèm các mã.", "out", 1),
    ),
    definition="http://hl7.org/fhir/OperationDefinition/ValueSet-expand",
    needs=(),
)
