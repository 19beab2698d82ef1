"""tramy roles: the permission matrix of people, to be handed over or compared."""

import json
from typing import Annotated

import typer
from rich.table import Table

from app.access.roles import ROLES, matrix
from app.access.roles import table as lines
from app.cli.console import out

_LIMITS = {
    "people may be seen\n[dim]xem được người dân[/dim]": "people",
    "place may be VN\n[dim]địa bàn cả nước[/dim]": "country",
}
"""The last lines of the table, and the fields of a role that answer them."""


def roles(
    as_json: Annotated[bool, typer.Option("--json", help="Print the matrix for programs.")] = False,
) -> None:
    """Show what each role of people may do; what is not shown is not permitted. No database is needed.

    Example: tramy roles --json > permissions.json
    """
    if as_json:
        out.print_json(json.dumps(matrix(), ensure_ascii=False))
        return
    shown = Table("", *ROLES)
    for name, opens, cells in lines():
        shown.add_row(f"{name}\n[dim]{opens[0]} · {opens[1]}[/dim]", *cells)
    for question, answers in _LIMITS.items():
        shown.add_row(question, *("x" if getattr(role, answers) else "" for role in ROLES.values()))
    out.print(shown)
    for role in ROLES.values():
        out.print(f"[bold]{role.word}[/bold]  {role.title_vi} · {role.title}. {role.says_vi} {role.says}")
    out.print("c create · tạo, r read · đọc, u update · sửa, d delete · xóa, s search · tìm")
