"""Households of exactly 100 resources: five people, each with a card, three visits and fifteen vaccinations."""

from collections.abc import Iterator

import msgspec

from app.exchange.invented import as_transaction, benchmark_plan, facilities, household_bundle
from bench.client import request

RESOURCES = 100
"""Resources of a household."""


def bundles(count: int) -> list[bytes]:
    """Return the requests of so many households, each a transaction that puts its resources under their ids."""
    return [_post(household_bundle(index)) for index in range(count)]


def facilities_bundle() -> bytes:
    """Return the request that makes the places and people that the households refer to."""
    return _post(facilities(benchmark_plan()))


def _post(resources: list[dict]) -> bytes:
    return request("POST", "/fhir", msgspec.json.encode(as_transaction(resources)))


def resources(count: int) -> Iterator[dict]:
    """Yield the resources of the facilities and of so many households, each person's together."""
    yield from facilities(benchmark_plan())
    for index in range(count):
        yield from household_bundle(index)
