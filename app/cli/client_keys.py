"""The keys of a program as the command line is given them: a file, an address, or a pair made here."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from app.access.key_pair import make_pair, write_private
from app.access.keys import PROGRAMS, read_keys
from app.access.outbound import Outbound
from app.config import Settings
from app.errors import BadParameter, Conflict

_LARGEST = 64 * 1024


class Given(NamedTuple):
    """The three ways to give keys, of which one is taken."""

    file: Path | None
    url: str
    generate: Path | None


class Keys(NamedTuple):
    """Public keys, or the address of them; `write` puts a private key that was made into its file."""

    jwks: str | None
    url: str | None
    write: Callable[[], None]


def given_keys(client: str, given: Given, chosen: Settings) -> Keys:
    """Read the keys of a client. Raises BadParameter for none or several ways, or keys that cannot be used."""
    if sum((given.file is not None, bool(given.url), given.generate is not None)) != 1:
        raise BadParameter.of(
            "Keys are given in one way: --jwks FILE, --jwks-url ADDRESS, or --generate FILE to make a pair.",
            "Cần một cách cấp khóa: --jwks TỆP, --jwks-url ĐỊA-CHỈ, hoặc --generate TỆP để tạo cặp khóa.",
        )
    if given.url:
        Outbound(chosen.outbound_hosts or ()).require(given.url)
        return Keys(None, given.url, _nothing)
    if given.generate is not None:
        return _made(client, given.generate)
    return Keys(_read(given.file), None, _nothing)


def _read(file: Path | None) -> str:
    raw = file.read_bytes() if file is not None and file.stat().st_size <= _LARGEST else b""
    read_keys(raw, PROGRAMS)
    return raw.decode()


def _made(client: str, file: Path) -> Keys:
    if file.exists():
        raise Conflict.of("The file for the key is already there.", "Tệp khóa đã tồn tại.", "--generate")
    pair = make_pair(f"{client}-1")
    return Keys(pair.public, None, partial(write_private, file, pair.private))


def _nothing() -> None:
    """Write nothing: no private key was made."""
