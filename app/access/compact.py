"""A signed text in compact form: taken apart strictly, and its signature verified with a key that was chosen before.

https://www.rfc-editor.org/rfc/rfc7515#section-7.1, https://www.rfc-editor.org/rfc/rfc8725
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, NamedTuple

from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry

from app.access.keys import PublicKey
from app.access.strict import read_object

_FORM = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", re.ASCII)
_FOREIGN = ("jwk", "x5u", "x5c", "crit", "b64", "zip", "enc")
"""Members of a header that would bring a key or a rule along; a text that has one is not read any further."""


class Compact(NamedTuple):
    """The parts of a signed text: header and claims as they were read, what was signed, and the signature."""

    header: dict[str, Any]
    claims: dict[str, Any]
    signed: bytes
    signature: bytes

    def text(self, name: str) -> str:
        """Return a member of the header that is a text, "" otherwise."""
        value = self.header.get(name)
        return value if isinstance(value, str) else ""


def read_compact(text: str, most: int) -> Compact:
    """Take a signed text of at most `most` characters apart; nothing in it is believed yet.

    Raises ValueError: other than three parts of base64url in its one proper form, a header or claims that are no
    object or name a member twice, a header that brings its own key or asks for a rule that is not known.
    """
    form = _FORM.fullmatch(text) if len(text) <= most else None
    if form is None:
        raise ValueError
    header, claims = read_object(_decode(form[1])), read_object(_decode(form[2]))
    if any(name in header for name in _FOREIGN):
        raise ValueError
    return Compact(header, claims, text.rpartition(".")[0].encode("ascii"), _decode(form[3]))


def is_signed(compact: Compact, key: PublicKey) -> bool:
    """Say whether the signature is that of this key, with the algorithm of the header if it is one of the key's."""
    algorithm = compact.text("alg")
    if algorithm not in key.algorithms:
        return False
    try:
        model = JWSRegistry(algorithms=[algorithm]).get_alg(algorithm)
        return model.verify(compact.signed, compact.signature, key.key)
    except (JoseError, ValueError):
        return False


def _decode(part: str) -> bytes:
    """Decode base64url without padding; a text that another text would decode to as well is refused."""
    raw = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if urlsafe_b64encode(raw).rstrip(b"=") != part.encode("ascii"):
        raise ValueError
    return raw
