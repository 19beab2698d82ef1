"""Where the people of a stated commune belong on the boundaries of another version.

The *home* of a stated commune on given boundaries is the smallest unit known to hold all its people:

- A commune has a home in a later version: the commune that took over its main part. People of a divided commune follow
  the main part until their address says otherwise.
- Backwards nobody can be told apart: the home is the smallest district or province that holds every predecessor. It is
  never a commune, not even with a single predecessor, for that unit may have been given parts of others as well, and
  the crosswalk names main parts only.
- A commune the crosswalk does not name has no known commune elsewhere; it goes where the others of its district (else
  of its province) all went, if that is one unit. So 23938@2004 (Ia Mơ) is in 52@2025-07 and in no commune of it.
- Where no province is known the people are unassigned, which is written "@{version}".

Versions are followed one step at a time, so a chain of them needs a crosswalk between neighbours only.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from app.places.files import broken, rows
from app.places.units import COUNTRY, UNASSIGNED, Place, Tree

Links = Mapping[str, tuple[str, ...]]


class Step(NamedTuple):
    """What is known between a version and the next: successors of each old commune, predecessors of each new one."""

    onward: Links
    back: Links


def read_step(path: Path, old: Tree, new: Tree) -> Step:
    """Read a crosswalk. Raises Misconfigured if it names a commune of neither list, or an old one twice."""
    onward: dict[str, tuple[str, ...]] = {}
    back: dict[str, tuple[str, ...]] = {}
    for before, after in rows(path, ("old_code", "new_code")):
        one, other = old.find(before), new.find(after)
        if not one or not other or one.key in onward or {one.level, other.level} != {"commune"}:
            raise broken(
                path,
                "communes of the two lists, each old one once",
                "các xã có trong hai danh mục, mỗi xã cũ một lần",
            )
        onward[one.key] = (other.key,)
        back[other.key] = (*back.get(other.key, ()), one.key)
    return Step(onward, back)


def homes(trees: tuple[Tree, ...], steps: tuple[Step, ...]) -> Iterator[tuple[str, str, str]]:
    """Yield (stated commune, version, home) for every commune of every version; `steps[i]` leads from i to i + 1."""
    for start, tree in enumerate(trees):
        # Each walk is a list of (where it leaves, along which links, where it arrives).
        later = [(trees[i], steps[i].onward, trees[i + 1]) for i in range(start, len(steps))]
        earlier = [(trees[i], steps[i - 1].back, trees[i - 1]) for i in range(start, 0, -1)]
        for stated in tree.within(COUNTRY, "commune"):
            yield stated.key, tree.version, stated.key
            yield from _walked(stated.key, later, exact=True)
            yield from _walked(stated.key, earlier, exact=False)


def _walked(stated: str, walk: Sequence[tuple[Tree, Links, Tree]], *, exact: bool) -> Iterator[tuple[str, str, str]]:
    """Follow one stated commune from version to version; `exact` is whether its people may be known to the commune."""
    communes: tuple[str, ...] = (stated,)
    for tree, links, reached in walk:
        exact = exact and communes[0] in links
        communes = _followed(communes, tree, links)
        yield stated, reached.version, communes[0] if exact else _around(communes, reached)


def _followed(communes: tuple[str, ...], tree: Tree, links: Links) -> tuple[str, ...]:
    """Return the communes of the next version that may hold the people of these, each once."""
    if len(communes) == 1 and communes[0] in links:
        return links[communes[0]]
    return tuple({key: None for commune in communes for key in links.get(commune) or _neighbours(commune, tree, links)})


def _neighbours(commune: str, tree: Tree, links: Links) -> set[str]:
    """Return where the communes around this one went: those of its district, or else of its province."""
    for unit in reversed(tree.path(commune)[1:-1]):
        if reached := {key for other in tree.within(unit.key, "commune") for key in links.get(other.key, ())}:
            return reached
    return set()


def _around(communes: Iterable[str], tree: Tree) -> str:
    """Return the smallest unit above the level of communes that holds them all, or unassigned if no province does."""
    parents = {tree.units[commune].parent for commune in communes}
    home = parents.pop() if len(parents) == 1 else _shared([tree.path(parent) for parent in parents])
    return UNASSIGNED.format(tree.version) if home == COUNTRY else home


def _shared(paths: Sequence[tuple[Place, ...]]) -> str:
    """Return the key of the last unit that all the paths, each from the country down, have in common."""
    home = COUNTRY
    for level in zip(*paths, strict=False):
        if len(set(level)) > 1:
            break
        home = level[0].key
    return home
