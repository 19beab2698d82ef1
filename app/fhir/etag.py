"""Versions in headers: `W/"3"`. https://hl7.org/fhir/R4/http.html#concurrency"""

import re

from app.errors import BadParameter

_FORM = re.compile(r'(?:W/)?"([1-9]\d{0,8})"', re.ASCII)


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
