"""The whole schema: migrations, and what is made from the types after them, the rule of who sees whom."""

from app.access.rule import forgetting, statements
from app.resources.registry import registry
from app.store import schema


async def upgrade(url: str) -> list[str]:
    """Bring the database to what this program needs and return the migrations that were run; by its owner."""
    rule = statements((kind.name, kind.tables) for kind in registry())
    return await schema.upgrade(url, forgetting(), list(rule))
