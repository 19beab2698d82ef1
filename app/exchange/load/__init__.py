"""Loading many records: bundles and NDJSON, plain or compressed, on all cores, through the same write path as HTTP."""

from app.exchange.load.report import Report
from app.exchange.load.run import run
from app.exchange.load.source import Files

__all__ = ["Files", "Report", "run"]
