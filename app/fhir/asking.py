"""Who asks, from which address, and how strictly: what an interaction is told of the request beside its content."""

from typing import NamedTuple


class Asking(NamedTuple):
    """The base of addresses as the client sees it, the caller ("" while nobody signs in), and leniency.

    With `lenient` a search parameter that is not understood is left out and reported, instead of refused.
    https://hl7.org/fhir/R4/search.html#errors
    """

    base: str
    caller: str = ""
    lenient: bool = False
