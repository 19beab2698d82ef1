"""Who runs a command on the machine itself, as the audit names them."""

import getpass
import os

from app.access.caller import COUNTRY, Caller
from app.access.scope import OWN, read_scopes


def operator() -> Caller:
    """Return the person at the machine as a caller, with all that an administrator may."""
    grants = read_scopes(" ".join(["system/*.cruds", *OWN]))
    return Caller("tramy", places=(COUNTRY,), user=_user(), grants=grants)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # the user has no name here, as in a container
        return str(os.getuid())
