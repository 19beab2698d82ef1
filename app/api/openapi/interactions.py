"""The operation of each interaction. https://hl7.org/fhir/R4/http.html#summary"""

from collections.abc import Callable

from app.api.openapi import called, lists, published, records, waiting, whole
from app.api.openapi.parts import Context, Item, Place
from app.api.openapi.security import of_interaction

_ONE: dict[str, Callable[[Context, Place], Item]] = {
    "read": records.read,
    "vread": records.vread,
    "create": records.create,
    "update": records.update,
    "conditional-update": records.conditional_update,
    "patch": records.patch,
    "conditional-patch": records.conditional_patch,
    "delete": records.delete,
    "conditional-delete": records.conditional_delete,
    "read-published": published.read,
    "bundle": whole.submit,
    "capabilities": whole.capabilities,
    "job": waiting.job,
    "cancel-job": waiting.cancel,
}
_BY_METHOD: dict[str, Callable[[Context, Place, str], Item]] = {
    "search": lists.search,
    "search-compartment": lists.search_compartment,
    "search-system": lists.search_system,
    "search-published": published.search,
    "history": lists.history,
    "history-type": lists.history_type,
    "history-system": lists.history_system,
    "operation": called.called,
}
DESCRIBED = frozenset((*_ONE, *_BY_METHOD))
"""Every interaction that is described."""


def operation(context: Context, place: Place, interaction: str, method: str) -> Item:
    """Return the Operation Object of an interaction at a place. Raises KeyError for one that is not described here."""
    one = _ONE.get(interaction)
    made = one(context, place) if one else _BY_METHOD[interaction](context, place, method)
    return of_interaction(place, interaction, made)


def methods(place: Place, routed: dict[str, str]) -> dict[str, str]:
    """Return the interactions by method that stand at a place, of those that are routed there."""
    if place.operation and not called.asked_by_get(place.operation, instance=place.instance):
        return {method: name for method, name in routed.items() if method != "GET"}
    return routed
