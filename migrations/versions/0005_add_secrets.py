"""Add secrets, and indexes by the time of versions."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

RECORDS = ("coverage", "encounter", "immunization", "location", "organization", "patient", "practitioner")


def upgrade() -> None:
    # A migration that cannot have its lock at once gives up, so that it never holds up the stations.
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "secret",
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    for table in RECORDS:
        op.create_index(f"{table}_updated", table, ["updated_at", "id"])
        op.create_index(f"{table}_history_until", f"{table}_history", ["until_tx"])
        op.create_index(f"{table}_history_updated", f"{table}_history", ["updated_at", "id"])


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    for table in reversed(RECORDS):
        op.drop_index(f"{table}_history_updated", table_name=f"{table}_history")
        op.drop_index(f"{table}_history_until", table_name=f"{table}_history")
        op.drop_index(f"{table}_updated", table_name=table)
    op.drop_table("secret")
