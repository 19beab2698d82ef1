"""Add reach: by what people are seen."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TYPES = ("patient", "coverage", "encounter", "immunization", "location", "organization", "practitioner")
TREATING = ("patient", "encounter", "immunization")
PROTECTED = ("eth", "gdis", "hiv", "mencat", "psy", "r", "sdv", "sex", "spi", "std", "sud", "v")
LABELS = "array[" + ", ".join(f"' {code}'" for code in PROTECTED) + "]::text[]"


def upgrade() -> None:
    # A migration that cannot have its lock at once gives up, so that it never holds up the stations.
    op.execute("set local lock_timeout = '5s'")
    # Keys come from a file of the installation, and lie no longer beside what they protect.
    op.drop_table("secret")
    op.create_table(
        "reach",
        sa.Column("patient_id", sa.Text(collation="C"), nullable=False),
        sa.Column("holder", sa.Text(collation="C"), nullable=False),
        sa.Column("until", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("'infinity'"), nullable=False),
        sa.PrimaryKeyConstraint("patient_id", "holder"),
    )
    op.create_index("reach_holder", "reach", ["holder", "patient_id"], unique=False)
    for name in TREATING:
        for table in (name, f"{name}_history"):
            reach = sa.Column("reach", sa.ARRAY(sa.Text(collation="C")), autoincrement=False, nullable=True)
            op.add_column(table, reach)
    for name in TYPES:
        op.create_index(
            f"{name}_shielded",
            name,
            ["id"],
            unique=False,
            postgresql_where=sa.text(f"security && {LABELS}"),
        )


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    for name in TYPES:
        op.drop_index(f"{name}_shielded", table_name=name)
    for name in TREATING:
        for table in (name, f"{name}_history"):
            op.drop_column(table, "reach")
    op.drop_index("reach_holder", table_name="reach")
    op.drop_table("reach")
    op.create_table(
        "secret",
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
