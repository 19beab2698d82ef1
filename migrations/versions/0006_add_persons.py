"""Add persons."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A migration that cannot have its lock at once gives up, so that it never holds up the stations.
    op.execute("set local lock_timeout = '5s'")
    op.add_column("patient", sa.Column("person_id", sa.Text(collation="C"), autoincrement=False, nullable=True))
    op.add_column("patient", sa.Column("merged_into", sa.Text(collation="C"), autoincrement=False, nullable=True))
    op.create_index(
        "patient_person",
        "patient",
        ["person_id", "id"],
        unique=False,
        postgresql_where=sa.text("person_id is not null"),
    )
    op.add_column("patient_history", sa.Column("person_id", sa.Text(collation="C"), autoincrement=False, nullable=True))
    op.add_column(
        "patient_history", sa.Column("merged_into", sa.Text(collation="C"), autoincrement=False, nullable=True)
    )


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.drop_column("patient_history", "merged_into")
    op.drop_column("patient_history", "person_id")
    op.drop_index("patient_person", table_name="patient", postgresql_where=sa.text("person_id is not null"))
    op.drop_column("patient", "merged_into")
    op.drop_column("patient", "person_id")
