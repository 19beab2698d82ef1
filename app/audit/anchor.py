"""Anchors: heads of the chain kept elsewhere, so that a tail that was cut off, or a chain made anew, is found.

An anchor is one line of JSON: the number of a seal, its hash, its time, and how many rows the chain covers.
https://www.rfc-editor.org/rfc/rfc5424 for syslog; a file is only added to.
"""

import asyncio
import json
import logging
import os
from collections.abc import Collection
from logging.handlers import SYSLOG_UDP_PORT, SysLogHandler
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from app.audit.seal import Seal
from app.errors import BadParameter, Misconfigured, Unavailable

SYSLOG = "syslog:"
_WEB = "https://"
_LOCAL = "/dev/log"
_PATIENCE = 10.0


def line(seal: Seal) -> str:
    """Return the anchor of a seal."""
    told = {"seal": seal.number, "hash": seal.hash.hex(), "at": seal.at.isoformat(), "rows": seal.total}
    return json.dumps(told, separators=(",", ":"))


async def put(address: str, seal: Seal, hosts: Collection[str]) -> None:
    """Keep the anchor of a seal at an address: a file, `syslog:`, `syslog:host:port`, or https of one of `hosts`.

    Raises Unavailable when it could not be kept, Misconfigured for a host that is none of `hosts`.
    """
    told = line(seal)
    try:
        if address.startswith(_WEB):
            await _posted(address, told, hosts)
        elif address.startswith(SYSLOG):
            await asyncio.to_thread(_logged, address.removeprefix(SYSLOG), told)
        else:
            await asyncio.to_thread(_appended, Path(address), told)
    except (OSError, httpx.HTTPError) as error:
        raise Unavailable.of(
            f"The anchor of the audit cannot be kept ({type(error).__name__}).",
            f"Không lưu được mốc của nhật ký ({type(error).__name__}).",
            "TRAMY_AUDIT_ANCHOR",
        ) from error


def read(path: Path) -> dict[int, bytes]:
    """Return the anchors of a file, or of lines of a log that end with one: hashes by the number of their seal.

    Raises BadParameter for a file without any, which would let everything pass.
    """
    try:
        with path.open(encoding="utf-8") as lines:
            found = [json.loads(text[text.index("{") :]) for text in lines if '{"seal":' in text]
        anchors = {one["seal"]: bytes.fromhex(one["hash"]) for one in found}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unread() from error
    if not anchors:
        raise _unread()
    return anchors


def _appended(path: Path, told: str) -> None:
    """Add a line to a file; it is on the disk when this returns."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, f"{told}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class _Loud(SysLogHandler):
    """Says what could not be sent, where the library's own handler keeps silent."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, ARG002
        """Raise what is being handled."""
        raise


def _logged(where: str, told: str) -> None:
    host, _, port = where.partition(":")
    handler = _Loud((host, int(port or SYSLOG_UDP_PORT)) if host else _LOCAL, SysLogHandler.LOG_AUTHPRIV)
    handler.ident = "tramy-audit: "
    try:
        handler.emit(logging.LogRecord("tramy", logging.INFO, "", 0, told, None, None))
    finally:
        handler.close()


async def _posted(address: str, told: str, hosts: Collection[str]) -> None:
    parts = urlsplit(address)
    if not {parts.hostname, f"{parts.hostname}:{parts.port or 443}"}.intersection(hosts):
        raise Misconfigured.of(
            "the host is not listed in TRAMY_OUTBOUND_HOSTS",
            "máy chủ không có trong TRAMY_OUTBOUND_HOSTS",
            "TRAMY_AUDIT_ANCHOR",
        )
    async with httpx.AsyncClient(timeout=_PATIENCE, follow_redirects=False, trust_env=False) as client:
        answer = await client.post(address, content=told, headers={"content-type": "application/json"})
        if not answer.is_success:
            raise httpx.HTTPStatusError("refused", request=answer.request, response=answer)


def _unread() -> BadParameter:
    return BadParameter.of("The file has no anchors that can be read.", "Tệp không có mốc nào đọc được.", "--anchor")
