"""Who asks: a program, or a person through one, with organisation, places and what was granted.

Without a place and without an organisation there is nothing to see.
"""

from dataclasses import dataclass, field
from functools import cached_property

from app.access.scope import Grants

COUNTRY = "VN"
"""The place of those who see everyone: a register of the country, the program that fills it."""


@dataclass(frozen=True)
class Caller:
    """Who asks.

    `client` is the program's id, `user` the person's at the provider that signed them in ("" for a program alone),
    `organization` a reference such as `Organization/tyt-1` ("" for none), `places` keys of units as
    `app.places` has them (`VN`, `24@2025-07`, `00004@2004`), `units` the stated communes inside them.
    `emergency` is the reason of a break-glass request, "" otherwise; `purpose` a code of PurposeOfUse.
    """

    client: str
    organization: str = ""
    places: tuple[str, ...] = ()
    grants: Grants = field(default_factory=Grants)
    user: str = ""
    role: str = ""
    units: tuple[str, ...] = ()
    purpose: str = ""
    emergency: str = ""

    @cached_property
    def everyone(self) -> bool:
        """Whether the caller's place is the whole country."""
        return COUNTRY in self.places

    @cached_property
    def holders(self) -> tuple[str, ...]:
        """By what people are seen: the communes they live or lived in, the organisation that treated them."""
        return (*self.units, *([self.organization] if self.organization else []))

    @cached_property
    def key(self) -> str:
        """What page links and jobs are bound to: they serve nobody else, and not the same one with other rights."""
        return "\n".join((self.client, self.user, self.organization, " ".join(self.places), self.grants.text))

    def may(self, own: str) -> bool:
        """Say whether one of our own scopes was granted."""
        return own in self.grants.own
