"""Making a key pair for a program that has no tool of its own for it. https://www.rfc-editor.org/rfc/rfc7517"""

import json
import os
from pathlib import Path
from typing import NamedTuple

from joserfc.jwk import ECKey, KeyParameters

from app.errors import Conflict


class Pair(NamedTuple):
    """A pair of keys as JSON: the private key for the program, the set with the public one for the service."""

    private: str
    public: str


def make_pair(kid: str) -> Pair:
    """Make a pair on the curve P-384, for signatures with ES384."""
    marks: KeyParameters = {"kid": kid, "alg": "ES384", "use": "sig"}
    key = ECKey.generate_key("P-384", marks, private=True)
    return Pair(
        json.dumps(key.as_dict(private=True), indent=2),
        json.dumps({"keys": [key.as_dict(private=False)]}),
    )


def write_private(path: Path, text: str) -> None:
    """Write a private key to a new file that only its owner can read. Raises Conflict where a file is already."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Conflict.of("The file for the key is already there.", "Tệp khóa đã tồn tại.", path.name) from None
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text + "\n")
