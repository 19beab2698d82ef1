"""Load the administrative units from schemas/places, once (schemas/places/README.md)."""

from functools import cache
from itertools import pairwise
from pathlib import Path

from app.places.atlas import Places
from app.places.homes import homes, read_step
from app.places.units import read_units
from app.places.versions import read_versions

FOLDER = Path(__file__).resolve().parents[2] / "schemas" / "places"


@cache
def load(folder: Path = FOLDER) -> Places:
    """Return the places a folder of files describes; the same value each time.

    Raises Misconfigured if a file cannot be read or contradicts another.
    """
    versions = read_versions(folder / "versions.csv")
    trees = tuple(read_units(version, folder / version.units) for version in versions.all)
    steps = tuple(
        read_step(folder / version.crosswalk, old, new)
        for version, (old, new) in zip(versions.all[1:], pairwise(trees), strict=True)
    )
    return Places(versions, trees, homes(trees, steps))
