"""The narrative: a small, harmless part of XHTML (txt-1, txt-2). https://hl7.org/fhir/R4/narrative.html#xhtml

A document type, an entity of one's own or a processing instruction ends the reading before anything is expanded.
"""

import re
from typing import Never
from xml.parsers import expat

from app.fhir.validation.finding import Finding, Findings

_XHTML = "http://www.w3.org/1999/xhtml"
_TAGS = """
a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i img li ol
p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var
"""
_NAMES = """
abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff charset cite
class colspan compact coords dir frame headers height href hreflang hspace id lang longdesc name nowrap rel rev rowspan
rules scope shape span src start style summary tabindex title type valign value vspace width
"""
_ELEMENTS = frozenset(f"{_XHTML} {tag}" for tag in _TAGS.split())
_ATTRIBUTES = frozenset((*_NAMES.split(), "http://www.w3.org/XML/1998/namespace lang"))
_DIV, _IMG = f"{_XHTML} div", f"{_XHTML} img"
_ADDRESSES = frozenset(("cite", "href", "longdesc", "src"))
_SCHEMES = frozenset(("", "ftp", "http", "https", "mailto", "tel", "urn"))
_PICTURE = re.compile(r"data:image/(?:gif|jpeg|png|webp);base64,", re.IGNORECASE)
_SCHEME = re.compile(r"([^/?#:]*):")
# Browsers leave these out before they read an address: "java\nscript:" is javascript.
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\u2060\ufeff]")
_ACTIVE_STYLE = re.compile(
    r"url\s*\(|expression\s*\(|@import|behaviou?r\s*:|-moz-binding|javascript:|\\|/\*", re.IGNORECASE
)


class _NotAllowedError(Exception):
    """What was read is outside the subset."""


class _Reader:
    """Follows the parser: what is open, and whether anything a person could see was found."""

    def __init__(self) -> None:
        self.depth = 0
        self.visible = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Check one element with its attributes."""
        if name not in _ELEMENTS or (self.depth == 0 and name != _DIV):
            raise _NotAllowedError
        self.depth += 1
        for attribute, value in attributes.items():
            if not _allowed(name, attribute, value):
                raise _NotAllowedError
        if name == _IMG and attributes.get("src"):
            self.visible = True

    def end(self, _: str) -> None:
        """Close an element."""
        self.depth -= 1

    def text(self, data: str) -> None:
        """Note text that is more than white space."""
        if not self.visible and data.strip(" \t\r\n"):
            self.visible = True


def _allowed(name: str, attribute: str, value: str) -> bool:
    if attribute not in _ATTRIBUTES:
        return False
    if attribute == "style":
        return _ACTIVE_STYLE.search(value) is None
    if attribute not in _ADDRESSES:
        return True
    bare = _UNSEEN.sub("", value)
    if name == _IMG and attribute == "src" and _PICTURE.match(bare):
        return True
    scheme = _SCHEME.match(bare)
    return (scheme[1].lower() if scheme else "") in _SCHEMES


def _refuse(*_: object) -> Never:
    raise _NotAllowedError


def findings(div: str) -> Findings:
    """List what is wrong with a narrative's div, as the value of `Narrative.div`."""
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.XmlDeclHandler = _refuse
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.ProcessingInstructionHandler = _refuse
    try:
        parser.Parse(div, True)
    except expat.ExpatError as error:
        return (_malformed(error.lineno, error.offset),)
    except _NotAllowedError:
        return (_forbidden(parser.CurrentLineNumber, parser.CurrentColumnNumber),)
    return () if reader.visible else (_EMPTY,)


def _malformed(line: int, column: int) -> Finding:
    return Finding(
        "txt-1",
        "invariant",
        f"The narrative is not well-formed XHTML (line {line}, column {column}); named entities other than XML's own "
        "are not known, write &#160; for &nbsp;.",
        f"Phần tường thuật không phải XHTML đúng cú pháp (dòng {line}, cột {column}); không dùng thực thể có tên ngoài "
        "các thực thể của XML, hãy viết &#160; thay cho &nbsp;.",
    )


def _forbidden(line: int, column: int) -> Finding:
    return Finding(
        "txt-1",
        "invariant",
        f"At line {line}, column {column} the narrative has an element, attribute or address outside the XHTML that "
        "FHIR allows: one div in the XHTML namespace, basic formatting, no scripts, events, forms or active links.",
        f"Tại dòng {line}, cột {column}, phần tường thuật có phần tử, thuộc tính hoặc địa chỉ ngoài phạm vi XHTML mà "
        "FHIR cho phép: một thẻ div trong không gian tên XHTML, định dạng cơ bản, không có script, sự kiện, biểu mẫu "
        "hay liên kết thực thi.",
    )


_EMPTY = Finding(
    "txt-2",
    "invariant",
    "The narrative must have some content that is not white space.",
    "Phần tường thuật phải có nội dung không phải khoảng trắng.",
)
