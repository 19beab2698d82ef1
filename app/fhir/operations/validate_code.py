"""$validate-code: whether a code is in a value set or a code system.

https://hl7.org/fhir/R4/valueset-operation-validate-code.html,
https://hl7.org/fhir/R4/codesystem-operation-validate-code.html
"""

from collections.abc import Callable

from app.errors import BadParameter
from app.fhir.operation import Call, Operation, Parameter, Reply, given
from app.fhir.operations.coded import (
    CODE,
    CODING,
    CONCEPT,
    DISPLAY,
    LANGUAGE,
    SYSTEM,
    URL,
    Coded,
    coded,
    found_system,
    found_value_set,
    language,
    parameters,
    system_with_id,
    text,
    texts_of,
)
from app.fhir.published.concepts import Concept, System
from app.fhir.published.terminology import code_system, expansion
from app.fhir.service import Service

_ABSENT = "No such code there. Không có mã này ở đó."
_OTHER_TEXT = "The code is there, under another text; see display. Mã có ở đó nhưng tên khác; xem display."
Find = Callable[[Coded], Concept | None]


async def in_value_set(service: Service, call: Call) -> Reply:
    """Return whether a code is in a value set. Raises NotFound for a value set that is not shipped, BadParameter."""
    sent = given(service, call, VALIDATE_IN_SET)
    tree = found_value_set(sent, call.id)
    known = {(member.system.url, member.concept.code): member for member in expansion(tree)}

    def find(item: Coded) -> Concept | None:
        if not item.system:
            raise _no_system()
        member = known.get((item.system, item.code))
        return member.concept if member and item.version in ("", member.system.version) else None

    return _answer(coded(sent, version="systemVersion"), find, language(sent))


async def in_code_system(service: Service, call: Call) -> Reply:
    """Return whether a code is in a code system. Raises NotFound for a system that is not shipped, BadParameter."""
    sent = given(service, call, VALIDATE_IN_SYSTEM)
    url, version = text(sent, "url"), text(sent, "version")
    if call.id:
        if url or version:
            raise BadParameter.of(
                "The address names the code system already.", "Địa chỉ đã nêu hệ mã.", "url" if url else "version"
            )
        tree = system_with_id(call.id)
        url, version = tree["url"], tree.get("version", "")
    items = coded(sent)
    system = found_system(url, version) if url else _first_known(items)

    def find(item: Coded) -> Concept | None:
        own = system if url else code_system(item.system, item.version)
        named = own and item.system in ("", own.url) and item.version in ("", own.version)
        return own.concepts.get(item.code) if own and named else None

    return _answer(items, find, language(sent))


def _first_known(items: list[Coded]) -> System:
    """Return the first system that is shipped. Raises NotFound where none is, BadParameter where none is named."""
    known = (code_system(item.system, item.version) for item in items)
    return next((system for system in known if system), None) or found_system(items[0].system, items[0].version)


def _answer(items: list[Coded], find: Find, speech: str) -> Reply:
    """Return the answer about the first code that is found, about all where none is."""
    pairs = ((item, concept) for item in items if (concept := find(item)))
    item, concept = next(pairs, (None, None))
    if item is None or concept is None:
        return parameters({"name": "result", "valueBoolean": False}, {"name": "message", "valueString": _ABSENT})
    right = not item.display or texts_of(item.display, concept.texts.values())
    told = [{"name": "result", "valueBoolean": right}]
    if not right:
        told.append({"name": "message", "valueString": _OTHER_TEXT})
    shown = concept.display(speech)
    return parameters(*told, *([{"name": "display", "valueString": shown}] if shown else []))


def _no_system() -> BadParameter:
    return BadParameter.of("A code needs its system.", "Mã cần kèm hệ mã (system).", "system")


_OUT = (
    Parameter("result", "boolean", "Whether the code is there.", "Mã có hợp lệ hay không.", "out", 1),
    Parameter("message", "string", "What is wrong.", "Lý do không hợp lệ.", "out"),
    Parameter("display", "string", "The text of the code.", "Tên hiển thị của mã.", "out"),
)
VALIDATE_IN_SET = Operation(
    "validate-code",
    "Whether a code is in a value set",
    "Kiểm tra một mã có thuộc bộ giá trị",
    ("type", "instance"),
    in_value_set,
    (
        URL,
        Parameter("valueSetVersion", "string", "The version of the value set.", "Phiên bản của bộ giá trị."),
        CODE,
        SYSTEM,
        Parameter("systemVersion", "string", "The version of the code system.", "Phiên bản của hệ mã."),
        DISPLAY,
        CODING,
        CONCEPT,
        LANGUAGE,
        *_OUT,
    ),
    definition="http://hl7.org/fhir/OperationDefinition/ValueSet-validate-code",
    needs=(),
)
VALIDATE_IN_SYSTEM = Operation(
    "validate-code",
    "Whether a code is in a code system",
    "Kiểm tra một mã có thuộc hệ mã",
    ("type", "instance"),
    in_code_system,
    (
        URL,
        CODE,
        Parameter("version", "string", "The version of the code system.", "Phiên bản của hệ mã."),
        DISPLAY,
        CODING,
        CONCEPT,
        LANGUAGE,
        *_OUT,
    ),
    definition="http://hl7.org/fhir/OperationDefinition/CodeSystem-validate-code",
    needs=(),
)
