"""Lists in headers whose items have a weight, such as `gzip;q=0.5`. https://www.rfc-editor.org/rfc/rfc9110#quality.values"""

import re

_WEIGHT = re.compile(r"q\s*=\s*([01](?:\.\d*)?)")


def weighed(text: str) -> dict[str, float]:
    """Return the items in lower case, in order, with their weights from 0 to 1: 1 where none is stated or readable.

    Other parameters of an item are left out; of an item that stands twice the greater weight counts.
    """
    found: dict[str, float] = {}
    for part in text.lower().split(","):
        name, *rest = (piece.strip() for piece in part.split(";"))
        if name:
            found[name] = max(_weight(rest), found.get(name, 0.0))
    return found


def _weight(parameters: list[str]) -> float:
    read = next((match for item in parameters if (match := _WEIGHT.fullmatch(item))), None)
    return min(float(read[1]), 1.0) if read else 1.0
