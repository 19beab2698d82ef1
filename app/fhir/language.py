"""The language in which errors and notices are told while a request is answered: the one that its client reads."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

Language = Literal["vi", "en"]
# What chooses, not what is chosen: hardly any request meets an error, so hardly any has to be asked.
_choose: ContextVar[Callable[[], Language | None] | None] = ContextVar("choose", default=None)


@contextmanager
def telling(choose: Callable[[], Language | None]) -> Iterator[None]:
    """Let `choose` say the language for as long as a request is answered, also in the tasks that it starts."""
    token = _choose.set(choose)
    try:
        yield
    finally:
        _choose.reset(token)


def language() -> Language | None:
    """Return the language to tell things in; None for both, as where no request is being answered."""
    choose = _choose.get()
    return choose() if choose else None
