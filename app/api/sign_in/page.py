"""What a person sees whose sign-in went wrong: both languages, and the way back; programs get an OperationOutcome."""

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.errors import TramyError

HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
"""With every answer here: an address may hold a code, an answer says who somebody is."""
_PAGE = """<!doctype html>
<html lang="vi"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Tramy: đăng nhập · sign in</title>
<h1>Chưa đăng nhập được · Not signed in</h1>
{told}
<p><a href="{again}">Đăng nhập lại · Sign in again</a></p>
</html>
"""
_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def for_a_person(request: Request) -> bool:
    """Say whether a browser asks for a page, rather than a program for data."""
    return "text/html" in request.headers.get("accept", "")


def refused(error: TramyError, again: str) -> Response:
    """Return the page that says what went wrong and how to begin again."""
    told = "".join(f'<p>{escape(fault.vi)}</p><p lang="en"><em>{escape(fault.en)}</em></p>' for fault in error.faults)
    headers = {**HEADERS, "Content-Security-Policy": _POLICY}
    return HTMLResponse(_PAGE.format(told=told, again=escape(again)), error.status, headers)
