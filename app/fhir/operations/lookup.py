"""$lookup and $subsumes: what a code is, and how two codes stand to each other.

https://hl7.org/fhir/R4/codesystem-operation-lookup.html, https://hl7.org/fhir/R4/codesystem-operation-subsumes.html
"""

from typing import Any

from app.errors import BadParameter, NotFound
from app.fhir.operation import Call, Operation, Parameter, Reply, given
from app.fhir.operations.coded import (
    CODE,
    CODING,
    LANGUAGE,
    SYSTEM,
    Coded,
    Sent,
    coded,
    coding,
    found_system,
    language,
    parameters,
    system_with_id,
    text,
)
from app.fhir.published.concepts import Concept, System, Tree
from app.fhir.service import Service


async def lookup(service: Service, call: Call) -> Reply:
    """Return what a code means and where it stands. Raises NotFound for a code or system not here, BadParameter."""
    sent = given(service, call, LOOKUP)
    item, speech = coded(sent)[0], language(sent)
    system = found_system(item.system, item.version)
    concept = _concept(system, item.code)
    told: list[Tree] = [{"name": "name", "valueString": system.tree.get("title", system.tree["name"])}]
    if system.version:
        told.append({"name": "version", "valueString": system.version})
    # The display of a concept without a text is its code, as the answer must have one.
    told.append({"name": "display", "valueString": concept.display(speech) or concept.code})
    wanted = _wanted(sent)
    told += [_designation(name, value) for name, value in concept.texts.items() if name and "designation" in wanted]
    return parameters(*told, *_properties(concept, wanted))


def _wanted(sent: Sent) -> set[str]:
    """Return the names of what is asked for, everything where nothing is said. Raises BadParameter."""
    names = sent.get("property", [])
    if not all(isinstance(item, str) and item for item in names):
        raise BadParameter.of("A property is named by its code.", "Thuộc tính được nêu bằng mã.", "property")
    return set(names) or {"designation", "parent", "child", "definition", "*"}


def _concept(system: System, code: str) -> Concept:
    concept = system.concepts.get(code)
    if concept is None:
        raise NotFound.of(
            "This code is not in the code system as it is here.", "Mã này không có trong hệ mã được lưu ở đây.", "code"
        )
    return concept


def _designation(speech: str, value: str) -> Tree:
    parts = [{"name": "language", "valueCode": speech}, {"name": "value", "valueString": value}]
    return {"name": "designation", "part": parts}


def _properties(concept: Concept, wanted: set[str]) -> list[Tree]:
    found: list[tuple[str, str, Any]] = []
    if concept.parent:
        found.append(("parent", "valueCode", concept.parent))
    found += [("child", "valueCode", code) for code in concept.children]
    if concept.definition:
        found.append(("definition", "valueString", concept.definition))
    for item in concept.properties:
        found += [(item["code"], name, value) for name, value in item.items() if name.startswith("value")]
    return [_property(*item) for item in found if item[0] in wanted or "*" in wanted]


def _property(name: str, member: str, value: Any) -> Tree:
    return {"name": "property", "part": [{"name": "code", "valueCode": name}, {"name": "value", member: value}]}


async def subsumes(service: Service, call: Call) -> Reply:
    """Return how code A stands to code B. Raises NotFound for a code or system not here, BadParameter."""
    sent = given(service, call, SUBSUMES)
    tree = system_with_id(call.id) if call.id else {}
    first, second = (_side(sent, side, tree) for side in "AB")
    system = found_system(first.system, first.version)
    if (second.system, second.version) != (first.system, first.version):
        raise BadParameter.of("Both codes must be of one system.", "Hai mã phải thuộc cùng một hệ mã.", "codingB")
    for item in (first, second):
        _ = _concept(system, item.code)
    return parameters({"name": "outcome", "valueCode": _outcome(system, first.code, second.code)})


def _side(sent: Sent, side: str, tree: Tree) -> Coded:
    """Return one of the two codes. Raises BadParameter where it is missing or sent in both ways."""
    if (f"code{side}" in sent) == (f"coding{side}" in sent):
        raise BadParameter.of(
            f"Send one of code{side} and coding{side}.", f"Hãy gửi code{side} hoặc coding{side}.", f"code{side}"
        )
    url, version = text(sent, "system") or tree.get("url", ""), text(sent, "version") or tree.get("version", "")
    if f"code{side}" in sent:
        return Coded(url, text(sent, f"code{side}"), version)
    item = coding(sent[f"coding{side}"][0], f"coding{side}")
    return item._replace(system=item.system or url, version=item.version or version)


def _outcome(system: System, first: str, second: str) -> str:
    if first == second:
        return "equivalent"
    if second in system.below(first):
        return "subsumes"
    return "subsumed-by" if first in system.below(second) else "not-subsumed"


_VERSION = Parameter("version", "string", "The version of the code system.", "Phiên bản của hệ mã.")
LOOKUP = Operation(
    "lookup",
    "What a code means",
    "Tra cứu một mã",
    ("type",),
    lookup,
    (
        CODE,
        SYSTEM,
        _VERSION,
        CODING,
        LANGUAGE,
        Parameter(
            "property",
            "code",
            "What to tell: designation, parent, child, definition, or a property of the system; all where absent.",
            "Nội dung cần trả về: designation, parent, child, definition hoặc thuộc tính của hệ mã; mặc định tất cả.",
            most="*",
        ),
        Parameter("name", "string", "The name of the code system.", "Tên hệ mã.", "out", 1),
        Parameter("version", "string", "Its version.", "Phiên bản của hệ mã.", "out"),
        Parameter("display", "string", "The text of the code.", "Tên hiển thị của mã.", "out", 1),
        Parameter(
            "designation", "BackboneElement", "Its texts by language.", "Tên theo từng ngôn ngữ.", "out", most="*"
        ),
        Parameter("property", "BackboneElement", "What else is known.", "Các thông tin khác.", "out", most="*"),
    ),
    definition="http://hl7.org/fhir/OperationDefinition/CodeSystem-lookup",
    needs=(),
)
SUBSUMES = Operation(
    "subsumes",
    "How two codes stand to each other",
    "Quan hệ giữa hai mã",
    ("type", "instance"),
    subsumes,
    (
        Parameter("codeA", "code", "The code that may stand above.", "Mã có thể đứng trên."),
        Parameter("codeB", "code", "The code that may stand below.", "Mã có thể đứng dưới."),
        SYSTEM,
        _VERSION,
        Parameter("codingA", "Coding", "Code A with its system.", "Mã A kèm hệ mã."),
        Parameter("codingB", "Coding", "Code B with its system.", "Mã B kèm hệ mã."),
        Parameter(
            "outcome",
            "code",
            "equivalent, subsumes, subsumed-by or not-subsumed.",
            "equivalent, subsumes, subsumed-by hoặc not-subsumed.",
            "out",
            1,
        ),
    ),
    definition="http://hl7.org/fhir/OperationDefinition/CodeSystem-subsumes",
    needs=(),
)
