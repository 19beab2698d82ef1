"""Add rights and duties."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def code(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Text(collation="C"), nullable=nullable)


def time(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, postgresql.TIMESTAMP(timezone=True), nullable=nullable)


def upgrade() -> None:
    # A migration that cannot have its lock at once gives up, so that it never holds up the stations.
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "consent",
        code("id"),
        code("patient_id"),
        code("kind"),
        code("purpose"),
        code("recipient"),
        code("given_by"),
        code("relation"),
        code("channel"),
        code("text_hash"),
        time("given_at"),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        code("withdraws", nullable=True),
        code("recorded_by"),
        time("recorded_at"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("consent_patient", "consent", ["patient_id", "recipient"], unique=False)
    op.create_index("consent_withdraws", "consent", ["withdraws"], unique=True)
    op.create_table(
        "restriction",
        code("id"),
        code("patient_id"),
        time("since"),
        time("until", nullable=True),
        code("reason"),
        code("recorded_by"),
        code("lifted_by", nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("restriction_patient", "restriction", ["patient_id", "since"], unique=False)
    op.create_table(
        "request",
        code("id"),
        code("patient_id"),
        code("kind"),
        time("received_at"),
        sa.Column("reply_due", sa.Date(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        time("replied_at", nullable=True),
        time("closed_at", nullable=True),
        code("outcome", nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        code("recorded_by"),
        code("closed_by", nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "request_open", "request", ["due", "id"], unique=False, postgresql_where=sa.text("closed_at is null")
    )
    op.create_index("request_patient", "request", ["patient_id"], unique=False)
    op.create_table(
        "emergency",
        code("id"),
        code("client"),
        code("user_id"),
        code("organization"),
        code("holder"),
        code("patient_id"),
        sa.Column("reason", sa.Text(), nullable=False),
        time("at"),
        time("until"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("emergency_holder", "emergency", ["holder", "patient_id", "until"], unique=False)
    op.create_index("emergency_patient", "emergency", ["patient_id"], unique=False)
    op.create_index("emergency_at", "emergency", ["at", "id"], unique=False)
    op.create_table(
        "notice",
        code("id"),
        code("holder"),
        time("at"),
        code("kind"),
        code("patient_id"),
        code("by_organization"),
        time("read_at", nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("notice_holder", "notice", ["holder", "at", "id"], unique=False)
    op.create_index("notice_patient", "notice", ["patient_id"], unique=False)
    op.create_table(
        "erased",
        sa.Column("series", sa.SmallInteger(), autoincrement=False, nullable=False),
        code("unit"),
        code("sex"),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series", "unit", "sex", "day"),
    )


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    for table in ("erased", "notice", "emergency", "request", "restriction", "consent"):
        op.drop_table(table)
