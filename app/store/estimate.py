"""How many rows a query will give, as the planner expects; nothing is read.

https://www.postgresql.org/docs/current/row-estimation-examples.html
"""

import json
from collections.abc import Sequence
from typing import Any

from app.store.database import Reader


async def estimated(reader: Reader, query: str, arguments: Sequence[Any]) -> int:
    """Return the number of rows that the planner expects of a query."""
    plan = await reader.fetchval(f"explain (format json) {query}", *arguments)
    return round(json.loads(plan)[0]["Plan"]["Plan Rows"])
