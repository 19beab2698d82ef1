"""Add indexed: what the columns of each type were read with."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A migration that cannot have its lock at once gives up, so that it never holds up the stations.
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "indexed",
        sa.Column("type", sa.Text(collation="C"), nullable=False),
        sa.Column("digest", sa.Text(collation="C"), nullable=False),
        sa.PrimaryKeyConstraint("type"),
    )


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.drop_table("indexed")
