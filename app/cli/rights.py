"""tramy rights: requests of citizens, consents, restrictions, and all that is held on one person."""

import typer

from app.cli.rights_person import emergencies, export, lift, restrict
from app.cli.rights_requests import add, close, list_open, reply
from app.cli.rights_statements import consent, may, withdraw

rights = typer.Typer(
    no_args_is_help=True,
    help="Requests of citizens, consents, restrictions, and all that is held on one person · Quyền của chủ thể dữ liệu",
)
for _name, _command in {
    "list": list_open,
    "add": add,
    "reply": reply,
    "close": close,
    "consent": consent,
    "withdraw": withdraw,
    "may": may,
    "restrict": restrict,
    "lift": lift,
    "export": export,
    "emergencies": emergencies,
}.items():
    rights.command(_name)(_command)
