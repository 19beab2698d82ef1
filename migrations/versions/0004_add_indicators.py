"""Add indicators."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A migration that cannot have its lock at once gives up, so that it never holds up the stations.
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "series",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_table(
        "span",
        sa.Column("person_id", sa.Text(collation="C"), nullable=False),
        sa.Column("series", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("unit", sa.Text(collation="C"), nullable=False),
        sa.Column("sex", sa.Text(collation="C"), nullable=False),
        sa.Column("days", postgresql.DATEMULTIRANGE(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "series", "unit", "sex"),
    )
    op.create_index("span_unit", "span", ["unit", "series", "person_id"], unique=False)
    op.create_table(
        "ledger",
        sa.Column("person_id", sa.Text(collation="C"), nullable=False),
        sa.Column("series", sa.SmallInteger(), nullable=False),
        sa.Column("unit", sa.Text(collation="C"), nullable=False),
        sa.Column("sex", sa.Text(collation="C"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("change", sa.SmallInteger(), nullable=False),
        sa.Column("tx", sa.BigInteger(), nullable=False),
    )
    op.create_index(
        "ledger_level", "ledger", ["unit", "series", "sex", "day"], unique=False, postgresql_include=["change", "tx"]
    )
    op.create_index(
        "ledger_tx",
        "ledger",
        ["tx"],
        unique=False,
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on", "pages_per_range": "32"},
    )
    op.create_table(
        "rollup",
        sa.Column("area", sa.Text(collation="C"), nullable=False),
        sa.Column("series", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("grain", sa.Text(collation="C"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sex", sa.Text(collation="C"), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
    )
    op.create_index(
        "rollup_key",
        "rollup",
        ["area", "series", "grain", "day", "sex"],
        unique=True,
        postgresql_include=["change"],
    )
    op.create_table(
        "rollup_horizon",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("horizon", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "unit_area",
        sa.Column("unit", sa.Text(collation="C"), nullable=False),
        sa.Column("area", sa.Text(collation="C"), nullable=False),
        sa.PrimaryKeyConstraint("unit", "area"),
    )


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.drop_table("unit_area")
    op.drop_table("rollup_horizon")
    op.drop_table("rollup")
    op.drop_table("ledger")
    op.drop_table("span")
    op.drop_table("series")
