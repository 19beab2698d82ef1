"""The secret of an installation: one file, from which the key for each purpose is made.

https://www.rfc-editor.org/rfc/rfc5869
"""

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.errors import Misconfigured

SIZE = 32
SHORTEST = 32
NAME = "secret"
_OWN = secrets.token_bytes(SIZE)


def key(file: Path | None, purpose: str) -> bytes:
    """Return the key for a purpose, 32 bytes. Without a file it lasts as long as this process.

    Raises Misconfigured for a file that cannot be read or is too short.
    """
    return HKDF(SHA256(), SIZE, None, f"tramy {purpose}".encode()).derive(_read(file) if file else _OWN)


def made(folder: Path) -> Path:
    """Return the file of the secret in a folder; it is made, for this user alone to read, where there is none."""
    file = folder / NAME
    if not file.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = folder / f"{NAME}.{os.getpid()}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="ascii") as written:
            written.write(secrets.token_urlsafe(48))
            written.flush()
            os.fsync(descriptor)
        try:
            # Another process may have been faster, and its secret is the one that counts.
            os.link(draft, file)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return file


def _read(file: Path) -> bytes:
    try:
        found = file.read_bytes().strip()
    except OSError:
        found = b""
    if len(found) < SHORTEST:
        raise Misconfigured.of(
            f"expected a file that can be read, with at least {SHORTEST} random characters",
            f"cần một tệp đọc được, có ít nhất {SHORTEST} ký tự ngẫu nhiên",
            "TRAMY_SECRET_FILE",
        )
    return found
