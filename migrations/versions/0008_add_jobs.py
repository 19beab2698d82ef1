"""Add jobs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A migration that cannot have its lock at once gives up, so that it never holds up the stations.
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "job",
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("caller", sa.Text(collation="C"), nullable=False),
        sa.Column("asked_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("request", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("worker", sa.Text(collation="C"), nullable=True),
        sa.Column("begun_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("heard_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("job_asked", "job", ["asked_at"], unique=False)
    op.create_index("job_open", "job", ["asked_at", "id"], unique=False, postgresql_where=sa.text("status is null"))


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.drop_index("job_open", table_name="job", postgresql_where=sa.text("status is null"))
    op.drop_index("job_asked", table_name="job")
    op.drop_table("job")
