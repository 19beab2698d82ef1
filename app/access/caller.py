"""Who asks: a program, or a person through one, with organisation, places and what was granted.

Without a place and without an organisation there is nothing to see.
"""

from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Self
from urllib.parse import quote

from app.access.scope import OWN, Grants, read_scopes

COUNTRY = "VN"
"""The place of those who see everyone: a register of the country, the program that fills it."""


@dataclass(frozen=True)
class Caller:
    """Who asks.

    `client` is the program's id, `user` the person's at the provider that signed them in ("" for a program alone),
    `organization` a reference such as `Organization/tyt-1` ("" for none), `places` keys of units as
    `app.places` has them (`VN`, `24@2025-07`, `00004@2004`), `units` the stated communes inside them.
    `emergency` is the reason of a break-glass request, "" otherwise; `purpose` a code of PurposeOfUse. `rate` is how
    many requests a minute the program may send, None for as many as all. `memo` holds what was made of all this once
    (rule.py).
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
    rate: int | None = None
    memo: list[Any] = field(default_factory=list, compare=False, repr=False)

    @cached_property
    def everyone(self) -> bool:
        """Whether the caller's place is the whole country."""
        return COUNTRY in self.places

    @cached_property
    def holders(self) -> tuple[str, ...]:
        """By what people are seen: the communes they live or lived in, the organisation that treated them."""
        own = [self.organization] if self.organization else []
        return (*self.units, *own, *([self.emergency_holder] if self.may("tramy/break-glass") else []))

    @property
    def emergency_holder(self) -> str:
        """As whom the caller sees people in an emergency: the program and the user, and nobody else of the house."""
        return "emergency:" + "/".join(quote(name, safe="") for name in (self.client, self.user) if name)

    @cached_property
    def key(self) -> str:
        """What page links and jobs are bound to: they serve nobody else, and not the same one with other rights."""
        return "\n".join((self.client, self.user, self.organization, " ".join(self.places), self.grants.text))

    def kept(self) -> dict[str, Any]:
        """Return the caller as JSON can hold it."""
        kept = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "memo"}
        return {**kept, "grants": self.grants.text}

    @classmethod
    def from_kept(cls, kept: dict[str, Any]) -> Self:
        """Return the caller that `kept` gave."""
        lists = {name: tuple(kept[name]) for name in ("places", "units")}
        return cls(**{**kept, **lists, "grants": read_scopes(kept["grants"])})

    def may(self, own: str) -> bool:
        """Say whether one of our own scopes was granted."""
        return own in self.grants.own


SYSTEM = Caller("tramy", places=(COUNTRY,), grants=read_scopes(" ".join(["system/*.cruds", *OWN])))
"""The service itself: commands that an administrator runs on the machine."""
NOBODY = Caller("")
"""Who has not signed in: sees nothing and may do nothing."""
