"""Short ways to declare search parameters. https://hl7.org/fhir/R4/searchparameter-registry.html"""

from collections.abc import Callable

from app.fhir.fold import sound
from app.fhir.search import values
from app.fhir.search.parameter import Parameter


def token(name: str, *paths: str, of: Callable, system: str = "", indexed: bool = False, absent: str = "") -> Parameter:
    """Declare a token parameter; `of` is the function of `values` for the element's type."""
    return Parameter(name, "token", paths or (name,), of, system=system, indexed=indexed, absent=absent)


def string(name: str, *paths: str, of: Callable = values.texts, indexed: bool = False, beside: str = "") -> Parameter:
    """Declare a string parameter; `beside` is the date parameter in whose order its matches are often wanted."""
    return Parameter(name, "string", paths or (name,), of, indexed=indexed, beside=beside)


def phonetic(*, of: Callable) -> Parameter:
    """Declare the search of a name by its sound."""
    return Parameter("phonetic", "string", ("name",), of, normal=sound)


def date(name: str, *paths: str, many: bool = False, indexed: bool = False) -> Parameter:
    """Declare a date parameter on dates, instants or Periods."""
    return Parameter(name, "date", paths or (name,), values.times, many=many, indexed=indexed)


def reference(name: str, *paths: str, to: tuple[str, ...]) -> Parameter:
    """Declare a reference parameter; `to` are the types it may name."""
    return Parameter(name, "reference", paths or (name,), values.references, targets=to)


def owner(name: str, *paths: str, to: tuple[str, ...] = ("Patient",)) -> Parameter:
    """Declare the reference parameter that names the patient a record belongs to."""
    return Parameter(name, "reference", paths or (name,), values.references, targets=to, owner="Patient")


def address() -> tuple[Parameter, ...]:
    """Declare the parameters that every type with an Address has."""
    use = "http://hl7.org/fhir/address-use"
    return (
        string("address", of=values.addresses),
        string("address-city", "address.city"),
        string("address-country", "address.country"),
        string("address-postalcode", "address.postalCode"),
        string("address-state", "address.state"),
        token("address-use", "address.use", of=values.codes, system=use),
    )


def person() -> tuple[Parameter, ...]:
    """Declare the parameters that Patient and Practitioner share."""
    return (
        *address(),
        token("email", "telecom[system=email]", of=values.contacts),
        string("family", "name.family"),
        token("gender", of=values.codes, system="http://hl7.org/fhir/administrative-gender"),
        string("given", "name.given"),
        phonetic(of=values.human_sounds),
        token("phone", "telecom[system=phone]", of=values.contacts),
        token("telecom", of=values.contacts),
    )
