"""Administrative units with the days they are in force (Resolution 202/2025/QH15, QĐ 19/2025/QĐ-TTg).

A code means nothing without its version: the code 00004 was Trúc Bạch until 2025-06-30 and is Ba Đình since. A record
keeps the commune it *states*, whatever happens to the boundaries later; a *place* is a unit on boundaries chosen by the
reader. This package says which stated communes belong to which place.
"""

from app.places.atlas import Places, Stated
from app.places.loading import load
from app.places.units import COUNTRY, Level, Place

__all__ = ["COUNTRY", "Level", "Place", "Places", "Stated", "load"]
