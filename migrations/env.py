"""How Alembic reaches the database: by the connection that the caller hands over (store/schema.py)."""

from alembic import context
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel

import app.audit.table
import app.access.assertions
import app.access.clients
import app.access.tokens
import app.access.session
import app.access.sign_in
import app.access.rights.consent
import app.access.rights.emergency
import app.access.rights.notice
import app.access.rights.request
import app.access.rights.restriction
import app.indicators.erased
import app.indicators.tables
import app.store.claim
import app.store.indexed
import app.store.job
import app.store.moment
import app.store.reach
from app.resources.registry import registry
from app.store.schema import whole_tables

registry()


def number(_context, _revision, directives) -> None:
    """Give a new migration the next number, so that their names read as history."""
    if directives and directives[0].rev_id:
        heads = ScriptDirectory.from_config(context.config).get_heads()
        directives[0].rev_id = f"{int(heads[0]) + 1 if heads else 1:04d}"


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    include_name=whole_tables(connection),
    target_metadata=SQLModel.metadata,
    process_revision_directives=number,
    transaction_per_migration=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
