"""Programs as the command line shows them."""

import json

from rich.markup import escape
from rich.table import Table

from app.access.clients import Client
from app.cli.console import out


def show_clients(found: list[Client], as_json: bool) -> None:
    """Print programs as a table, or as JSON for programs."""
    if as_json:
        out.print_json(json.dumps([_described(item) for item in found]))
        return
    table = Table(title="Phần mềm · clients")
    for title in (
        "Mã · id",
        "Tên · name",
        "Cơ sở · organisation",
        "Phạm vi · scopes",
        "Địa bàn · places",
        "Khóa · keys",
    ):
        table.add_column(title, overflow="fold")
    table.add_column("Tình trạng · state")
    for item in found:
        said = _described(item)
        cells = (item.id, item.name, item.organization, item.scopes, " ".join(item.places), " ".join(said["keys"]))
        table.add_row(*(escape(cell) for cell in cells), "khóa · disabled" if item.disabled_at else "mở · enabled")
    out.print(table)


def _described(item: Client) -> dict:
    keys = [item.jwks_url] if item.jwks_url else [key["kid"] for key in json.loads(item.jwks or '{"keys": []}')["keys"]]
    return {
        "id": item.id,
        "name": item.name,
        "organization": item.organization,
        "scopes": item.scopes.split(),
        "places": list(item.places),
        "keys": keys,
        "rate_limit": item.rate_limit,
        "created_at": item.created_at.isoformat(),
        "rotated_at": item.rotated_at.isoformat() if item.rotated_at else None,
        "disabled_at": item.disabled_at.isoformat() if item.disabled_at else None,
    }
