"""Carry birth dates beside words."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A migration that cannot have its lock at once gives up, so that it never holds up the stations.
    op.execute("set local lock_timeout = '5s'")
    op.add_column(
        "patient_name_prefix",
        sa.Column("birthdate_low", postgresql.TIMESTAMP(timezone=True), autoincrement=False, nullable=True),
    )
    op.execute(
        "update patient_name_prefix w set birthdate_low = p.birthdate_low from patient p"
        " where p.id = w.id and p.birthdate_low is not null"
    )
    op.drop_index("patient_name_prefix_fold", table_name="patient_name_prefix")
    op.create_index(
        "patient_name_prefix_fold",
        "patient_name_prefix",
        ["fold", "id"],
        postgresql_include=["prior", "birthdate_low"],
    )


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.drop_index("patient_name_prefix_fold", table_name="patient_name_prefix")
    op.create_index("patient_name_prefix_fold", "patient_name_prefix", ["fold", "id"], postgresql_include=["prior"])
    op.drop_column("patient_name_prefix", "birthdate_low")
