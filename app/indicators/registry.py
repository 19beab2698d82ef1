"""All indicators: every file of this package that declares one."""

from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules

import app.indicators
from app.errors import NotFound
from app.indicators.indicator import Indicator


@lru_cache(maxsize=1)
def indicators() -> dict[str, Indicator]:
    """Return the indicators by code; a new file in this package is enough to be among them."""
    names = [item.name for item in iter_modules(app.indicators.__path__) if item.name != "registry"]
    modules = [import_module(f"app.indicators.{name}") for name in sorted(names)]
    found = [value for module in modules for value in vars(module).values() if isinstance(value, Indicator)]
    return {indicator.code: indicator for indicator in sorted(found, key=lambda item: item.code)}


def indicator(code: str) -> Indicator:
    """Return the indicator of that code. Raises NotFound naming those that exist."""
    found = indicators().get(code)
    if found is None:
        known = ", ".join(indicators())
        raise NotFound.of(f"There is no such indicator; there are {known}.", f"Không có chỉ số này; có: {known}.")
    return found
