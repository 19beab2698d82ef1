"""Links to pages: what a page needs, sealed into a text that nobody can read, change or hand on to another caller.

AES-256-GCM with the caller and the address as associated data; the key lives with the data, so that a link
still works after a restart and at every worker. https://www.rfc-editor.org/rfc/rfc5116
"""

import json
import os
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.errors import BadParameter

PARAMETER = "_page"
"""The parameter that holds the sealed text."""
_NONCE = 12
_LONGEST = 64 * 1024
_MOST = 1024 * 1024


class Links:
    """Seals and opens with one key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, caller: str, address: str, content: Any) -> str:
        """Return a text for an address that only this caller can use there; `content` is any JSON."""
        plain = zlib.compress(json.dumps(content, separators=(",", ":")).encode(), 6)
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._cipher.encrypt(nonce, plain, _bound(caller, address))
        return urlsafe_b64encode(sealed).decode().rstrip("=")

    def open(self, caller: str, address: str, text: str) -> Any:
        """Return what was sealed. Raises BadParameter for a text that was changed, or sealed for another."""
        try:
            raw = _raw(text)
            plain = self._cipher.decrypt(raw[:_NONCE], raw[_NONCE:], _bound(caller, address))
        except (ValueError, InvalidTag):
            raise BadParameter.of(
                "This page link is not one of yours here; search again and follow the links as they are.",
                "Liên kết trang này không hợp lệ; hãy tìm lại và dùng nguyên các liên kết.",
                PARAMETER,
            ) from None
        return json.loads(zlib.decompressobj().decompress(plain, _MOST))


def _raw(text: str) -> bytes:
    """Return the bytes of a sealed text. Raises ValueError for one that was not written so by `seal`."""
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4)) if len(text) <= _LONGEST else b""
    if urlsafe_b64encode(raw).decode().rstrip("=") != text:
        raise ValueError("not a sealed text")
    return raw


def _bound(caller: str, address: str) -> bytes:
    return f"{len(caller)}:{caller}{address}".encode()
