"""A sign-in that is under way, sealed into the browser's cookie: nobody reads or changes it, and nothing is stored.

AES-256-GCM with a key that lives with the data, so that any worker opens it. https://www.rfc-editor.org/rfc/rfc5116
"""

import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.errors import Unauthenticated

KEPT = timedelta(minutes=10)
"""How long somebody may take at the provider."""
_NONCE = 12
_LONGEST = 4096
_FOR = b"sign-in"


class Pending(NamedTuple):
    """What must be known when the browser comes back: what it was sent with, where it wants to go, until when."""

    state: str
    nonce: str
    verifier: str
    target: str
    until: float


def seal(key: bytes, pending: Pending) -> str:
    """Return the text of a cookie."""
    nonce = os.urandom(_NONCE)
    return urlsafe_b64encode(nonce + AESGCM(key).encrypt(nonce, json.dumps(pending).encode(), _FOR)).decode()


def unseal(key: bytes, text: str, now: datetime) -> Pending:
    """Return what was sealed. Raises Unauthenticated for a text that was changed, or is older than KEPT."""
    try:
        raw = urlsafe_b64decode(text.encode()) if len(text) <= _LONGEST else b""
        pending = Pending(*json.loads(AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], _FOR)))
    except (ValueError, TypeError, InvalidTag):
        raise began_elsewhere() from None
    if now.timestamp() >= pending.until:
        raise began_elsewhere()
    return pending


def began_elsewhere() -> Unauthenticated:
    """Make the error of a sign-in that was not begun in this browser, or not just now, or is over."""
    return Unauthenticated.of(
        "This sign-in was not begun in this browser in the last ten minutes, or is done; begin again at /auth/login",
        "Lần đăng nhập này không bắt đầu từ trình duyệt này trong mười phút qua, hoặc đã xong;"
        " hãy đăng nhập lại tại /auth/login",
    )
