"""An invented commune register for the demonstration and the benchmarks: looks real, and nobody in it is.

Facilities first, then households; FHIR R4 (https://hl7.org/fhir/R4/), identifiers and extensions of VN Core
(http://fhir.ehealth.gov.vn/core). The same plan gives the same bytes on every machine.
"""

from app.exchange.invented.benchmark import benchmark_plan, household_bundle
from app.exchange.invented.bundles import as_transaction
from app.exchange.invented.facilities import facilities
from app.exchange.invented.plan import Plan
from app.exchange.invented.register import Tally, households, invent, tally

__all__ = [
    "Plan",
    "Tally",
    "as_transaction",
    "benchmark_plan",
    "facilities",
    "household_bundle",
    "households",
    "invent",
    "tally",
]
