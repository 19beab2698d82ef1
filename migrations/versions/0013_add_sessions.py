"""Add sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A migration that cannot have its lock at once gives up, so that it never holds up the stations.
    op.execute("set local lock_timeout = '5s'")
    code, time = sa.Text(collation="C"), sa.TIMESTAMP(timezone=True)
    op.create_table(
        "session",
        sa.Column("id", code, primary_key=True),
        sa.Column("subject", code, nullable=False),
        sa.Column("provider_session", code, nullable=False),
        sa.Column("role", code, nullable=False),
        sa.Column("organization", code, nullable=False),
        sa.Column("places", sa.ARRAY(code), nullable=False),
        sa.Column("created_at", time, nullable=False),
        sa.Column("seen_at", time, nullable=False),
        sa.Column("expires_at", time, nullable=False),
        sa.Column("ended_at", time),
    )
    op.create_index("session_subject", "session", ["subject", "created_at"])
    op.create_index("session_expires", "session", ["expires_at"])
    op.create_table(
        "spent_sign_in",
        sa.Column("id", code, primary_key=True),
        sa.Column("expires_at", time, nullable=False),
    )


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.drop_table("spent_sign_in")
    op.drop_table("session")
