"""near: a position within a distance. https://hl7.org/fhir/R4/location.html#search"""

from app.fhir.search.criterion import Criterion
from app.fhir.search.parameter import Parameter
from app.fhir.search.place import Arguments, Place, any_of
from app.fhir.search.refusal import refuse
from app.fhir.search.text import plain, split

_EARTH_KM = 6371.0088
_NEAR_PARTS = 4


def near(criterion: Criterion, _place: Place, arguments: Arguments) -> str:
    """Return the condition of lying near one of the positions."""
    return any_of(_one_near(criterion.parameter, value, arguments) for value in criterion.values)


def _one_near(parameter: Parameter, value: str, arguments: Arguments) -> str:
    """Return the condition of lying within a distance. https://hl7.org/fhir/R4/location.html#search"""
    given = plain(split(value, "|"))
    parts = [*given, "", "", ""]
    try:
        latitude, longitude, distance = float(parts[0]), float(parts[1]), float(parts[2] or 10)
    except ValueError:
        latitude = 1000.0
        longitude = distance = 0.0
    metres = {"": 1.0, "km": 1.0, "m": 0.001}.get(parts[3]) if len(given) <= _NEAR_PARTS else None
    if not (abs(latitude) <= 90 and abs(longitude) <= 180 and 0 <= distance < 1e6) or metres is None:
        raise refuse(
            parameter.name,
            "must be latitude|longitude|distance|km (or m)",
            "phải là vĩ độ|kinh độ|khoảng cách|km (hoặc m)",
        )
    at, east, far = (f"{arguments.add(item)}::float8" for item in (latitude, longitude, distance * metres))
    column = f'"{parameter.column}"'
    haversine = (
        f"power(sind(({column}[1] - {at}) / 2), 2)"
        f" + cosd({at}) * cosd({column}[1]) * power(sind(({column}[2] - {east}) / 2), 2)"
    )
    # FHIR lets a position lie beyond the poles; such a place is near nothing, and no root is taken of less than 0.
    return f"(abs({column}[1]) <= 90 and 2 * {_EARTH_KM} * asin(sqrt(least(1, greatest(0, {haversine})))) <= {far})"
