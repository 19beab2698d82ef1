"""What the terminology operations share: their parameters read, codes found, answers put together.

https://hl7.org/fhir/R4/parameters.html
"""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from app.errors import BadParameter, NotFound
from app.fhir.exact import Number
from app.fhir.fold import fold
from app.fhir.operation import Parameter, Reply
from app.fhir.published import terminology
from app.fhir.published.concepts import System, Tree

LANGUAGES = ("vi", "en")
Sent = dict[str, list[Any]]


class Coded(NamedTuple):
    """A code as it was sent: its system and version ("" where none was), and its text."""

    system: str
    code: str
    version: str = ""
    display: str = ""


URL = Parameter("url", "uri", "The canonical address.", "Địa chỉ chuẩn (canonical).")
CODE = Parameter("code", "code", "The code.", "Mã.")
SYSTEM = Parameter("system", "uri", "The code system of the code.", "Hệ mã của mã.")
DISPLAY = Parameter("display", "string", "A text to be compared.", "Tên hiển thị cần so sánh.")
CODING = Parameter("coding", "Coding", "The code with its system.", "Mã kèm hệ mã.")
CONCEPT = Parameter(
    "codeableConcept",
    "CodeableConcept",
    "Several codes for one thing; one that is found is enough.",
    "Nhiều mã cho cùng một khái niệm; chỉ cần một mã hợp lệ.",
)
LANGUAGE = Parameter("displayLanguage", "code", "Language of texts: vi or en.", "Ngôn ngữ của tên: vi hoặc en.")


def text(sent: Sent, name: str) -> str:
    """Return a parameter that is text, "" where it was not sent. Raises BadParameter for what is none."""
    value = sent.get(name, [""])[0]
    if not isinstance(value, str) or isinstance(value, Number):
        raise BadParameter.of("This parameter must be text.", "Tham số này phải là văn bản.", name)
    if name in sent and not value:
        raise BadParameter.of("This parameter has no value.", "Tham số này không có giá trị.", name)
    return value


def flag(sent: Sent, name: str) -> bool:
    """Return a parameter that is true or false, false where it was not sent. Raises BadParameter."""
    value = sent.get(name, [False])[0]
    if value not in (True, False, "true", "false") or isinstance(value, Number):
        raise BadParameter.of("This parameter must be true or false.", "Tham số này phải là true hoặc false.", name)
    return value in (True, "true")


def whole(sent: Sent, name: str) -> int | None:
    """Return a parameter that is a number, None where it was not sent. Raises BadParameter."""
    if name not in sent:
        return None
    value = sent[name][0]
    if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10):
        raise BadParameter.of(
            "This parameter must be a whole number, 0 or more.", "Tham số này phải là số nguyên không âm.", name
        )
    return int(value)


def language(sent: Sent) -> str:
    """Return the language that texts are wanted in, "" for any. Raises BadParameter for one not spoken here."""
    wanted = text(sent, "displayLanguage").partition("-")[0].lower()
    if wanted and wanted not in LANGUAGES:
        raise BadParameter.of("Texts are in vi or en.", "Tên hiển thị có bằng vi hoặc en.", "displayLanguage")
    return wanted


def coded(sent: Sent, *, version: str = "version") -> list[Coded]:
    """Return the codes that were sent, in one of the three ways. Raises BadParameter for none, or more than one way."""
    ways = [name for name in ("code", "coding", "codeableConcept") if name in sent]
    if len(ways) != 1:
        raise BadParameter.of(
            "Send one of code (with system), coding and codeableConcept.",
            "Hãy gửi một trong: code (kèm system), coding, codeableConcept.",
            "code",
        )
    if ways[0] == "code":
        return [Coded(text(sent, "system"), text(sent, "code"), text(sent, version), text(sent, "display"))]
    tree = _object(sent[ways[0]][0], ways[0])
    listed = [tree] if ways[0] == "coding" else tree.get("coding", [])
    if not isinstance(listed, list) or not listed:
        raise BadParameter.of("Send at least one coding.", "Hãy gửi ít nhất một coding.", ways[0])
    return [coding(item, ways[0]) for item in listed]


def coding(value: Any, place: str) -> Coded:
    """Return a Coding as a code. Raises BadParameter where it has none."""
    tree = _object(value, place)
    parts = [tree.get(name, "") for name in ("system", "code", "version", "display")]
    if not all(isinstance(part, str) and not isinstance(part, Number) for part in parts) or not parts[1]:
        raise BadParameter.of("A coding has system and code.", "coding phải có system và code.", place)
    return Coded(*parts)


def _object(value: Any, place: str) -> Tree:
    if not isinstance(value, dict):
        raise BadParameter.of(
            "Send this in the body, as a Parameters resource.", "Hãy gửi trong nội dung, dạng Parameters.", place
        )
    return value


def found_system(url: str, version: str = "") -> System:
    """Return a shipped code system. Raises NotFound for one that is not shipped, BadParameter without an address."""
    if not url:
        raise BadParameter.of("Say which code system is meant.", "Hãy cho biết hệ mã.", "system")
    found = terminology.code_system(url, version)
    if found is None:
        raise NotFound.of(
            "This code system or version is not here; search CodeSystem for those that are.",
            "Không có hệ mã hoặc phiên bản này; hãy tìm CodeSystem để xem danh sách.",
            "system",
        )
    return found


def system_with_id(record: str) -> Tree:
    """Return the shipped CodeSystem with an id. Raises NotFound."""
    return _with_id(terminology.code_system_trees(), record)


def value_set_with_id(record: str) -> Tree:
    """Return the shipped ValueSet with an id. Raises NotFound."""
    return _with_id(terminology.value_set_trees(), record)


def _with_id(trees: Iterable[Tree], record: str) -> Tree:
    found = next((tree for tree in trees if tree["id"] == record), None)
    if found is None:
        raise NotFound.of("Nothing with this id is shipped.", "Không có định nghĩa nào với mã này.")
    return found


def found_value_set(sent: Sent, record: str) -> Tree:
    """Return the ValueSet that an address or `url` names. Raises NotFound, or BadParameter for none or both."""
    url = text(sent, "url")
    if bool(url) == bool(record):
        raise BadParameter.of(
            "Name one value set: by url, or by its id in the address.",
            "Hãy nêu một bộ giá trị: bằng url, hoặc bằng id trong địa chỉ.",
            "url",
        )
    found = value_set_with_id(record) if record else terminology.value_set(url, text(sent, "valueSetVersion"))
    if found is None:
        raise NotFound.of(
            "This value set or version is not here; search ValueSet for those that are.",
            "Không có bộ giá trị hoặc phiên bản này; hãy tìm ValueSet để xem danh sách.",
            "url",
        )
    return found


def parameters(*items: Tree) -> Reply:
    """Return a Parameters resource as an answer."""
    return Reply(json.dumps({"resourceType": "Parameters", "parameter": list(items)}, ensure_ascii=False))


def texts_of(given: str, known: Iterable[str]) -> bool:
    """Say whether a text is among those known, compared as names are."""
    return fold(given) in {fold(item) for item in known}
