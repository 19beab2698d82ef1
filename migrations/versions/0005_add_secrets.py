"""Add secrets, and indexes by the time of versions."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


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
    op.create_index("coverage_updated", "coverage", ["updated_at", "id"], unique=False)
    op.create_index("coverage_history_until", "coverage_history", ["until_tx"], unique=False)
    op.create_index("coverage_history_updated", "coverage_history", ["updated_at", "id"], unique=False)
    op.create_index("encounter_updated", "encounter", ["updated_at", "id"], unique=False)
    op.create_index("encounter_history_until", "encounter_history", ["until_tx"], unique=False)
    op.create_index("encounter_history_updated", "encounter_history", ["updated_at", "id"], unique=False)
    op.create_index("immunization_updated", "immunization", ["updated_at", "id"], unique=False)
    op.create_index("immunization_history_until", "immunization_history", ["until_tx"], unique=False)
    op.create_index("immunization_history_updated", "immunization_history", ["updated_at", "id"], unique=False)
    op.create_index("location_updated", "location", ["updated_at", "id"], unique=False)
    op.create_index("location_history_until", "location_history", ["until_tx"], unique=False)
    op.create_index("location_history_updated", "location_history", ["updated_at", "id"], unique=False)
    op.create_index("organization_updated", "organization", ["updated_at", "id"], unique=False)
    op.create_index("organization_history_until", "organization_history", ["until_tx"], unique=False)
    op.create_index("organization_history_updated", "organization_history", ["updated_at", "id"], unique=False)
    op.create_index("patient_updated", "patient", ["updated_at", "id"], unique=False)
    op.create_index("patient_history_until", "patient_history", ["until_tx"], unique=False)
    op.create_index("patient_history_updated", "patient_history", ["updated_at", "id"], unique=False)
    op.create_index("practitioner_updated", "practitioner", ["updated_at", "id"], unique=False)
    op.create_index("practitioner_history_until", "practitioner_history", ["until_tx"], unique=False)
    op.create_index("practitioner_history_updated", "practitioner_history", ["updated_at", "id"], unique=False)


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.drop_index("practitioner_history_updated", table_name="practitioner_history")
    op.drop_index("practitioner_history_until", table_name="practitioner_history")
    op.drop_index("practitioner_updated", table_name="practitioner")
    op.drop_index("patient_history_updated", table_name="patient_history")
    op.drop_index("patient_history_until", table_name="patient_history")
    op.drop_index("patient_updated", table_name="patient")
    op.drop_index("organization_history_updated", table_name="organization_history")
    op.drop_index("organization_history_until", table_name="organization_history")
    op.drop_index("organization_updated", table_name="organization")
    op.drop_index("location_history_updated", table_name="location_history")
    op.drop_index("location_history_until", table_name="location_history")
    op.drop_index("location_updated", table_name="location")
    op.drop_index("immunization_history_updated", table_name="immunization_history")
    op.drop_index("immunization_history_until", table_name="immunization_history")
    op.drop_index("immunization_updated", table_name="immunization")
    op.drop_index("encounter_history_updated", table_name="encounter_history")
    op.drop_index("encounter_history_until", table_name="encounter_history")
    op.drop_index("encounter_updated", table_name="encounter")
    op.drop_index("coverage_history_updated", table_name="coverage_history")
    op.drop_index("coverage_history_until", table_name="coverage_history")
    op.drop_index("coverage_updated", table_name="coverage")
    op.drop_table("secret")
