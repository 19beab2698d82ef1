"""Versions in headers: `W/"3"`. https://hl7.org/fhir/R4/http.html#concurrency"""

import re

from app.errors import BadParameter

ANY = 0
"""What `If-Match: *` asks for: some version, whichever; versions begin at 1."""
_FORM = re.compile(r'(?:W/)?"([1-9]\d{0,8})"', re.ASCII)
_TAG = re.compile(r'(?:W/)?"([^"]*)"')


def etag(version: int) -> str:
    """Return the weak ETag of a version."""
    return f'W/"{version}"'


def read_etag(text: str) -> int:
    """Return the version that If-Match names. Raises BadParameter for anything else, so that it is never ignored."""
    form = _FORM.fullmatch(text.strip())
    if form is None:
        raise BadParameter.of(
            'If-Match must be one version, like W/"3".', 'If-Match phải là một phiên bản, dạng W/"3".', "If-Match"
        )
    return int(form[1])


def read_if_match(text: str | None) -> int | None:
    """Return the version that If-Match names, ANY for `*`, None without the header. Raises BadParameter."""
    if text is None:
        return None
    return ANY if text.strip() == "*" else read_etag(text)


def read_if_absent(text: str | None) -> bool:
    """Return whether If-None-Match asks that there be no such record. Raises BadParameter for all but `*`."""
    if text is None:
        return False
    if text.strip() != "*":
        raise BadParameter.of(
            "With a write If-None-Match can only be *: there must be no such record yet.",
            "Khi ghi, If-None-Match chỉ có thể là *: hồ sơ phải chưa có.",
            "If-None-Match",
        )
    return True


def lists(if_none_match: str, version: int) -> bool:
    """Return whether If-None-Match of a read lists a version; `*` lists every one, weak and strong tags are alike."""
    return if_none_match.strip() == "*" or str(version) in _TAG.findall(if_none_match)
