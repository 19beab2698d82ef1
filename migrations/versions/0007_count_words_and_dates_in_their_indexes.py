"""Count words and dates in their indexes."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

DATES = (("encounter", "date"), ("immunization", "date"), ("patient", "birthdate"))
LIVE = sa.text("body is not null")


def upgrade() -> None:
    # A migration that cannot have its lock at once gives up, so that it never holds up the stations.
    op.execute("set local lock_timeout = '5s'")
    op.add_column("patient_name_prefix", sa.Column("prior", sa.Text(collation="C"), autoincrement=False, nullable=True))
    op.execute(
        "update patient_name_prefix p set prior = w.before from (select id, fold, lag(fold) over"
        " (partition by id order by fold) as before from patient_name_prefix) w"
        " where w.id = p.id and w.fold = p.fold and w.before is not null"
    )
    op.drop_index("patient_name_prefix_fold", table_name="patient_name_prefix")
    op.create_index("patient_name_prefix_fold", "patient_name_prefix", ["fold", "id"], postgresql_include=["prior"])
    for table, stem in DATES:
        low, high = f"{stem}_low", f"{stem}_high"
        op.drop_index(f"{table}_{low}", table_name=table)
        op.create_index(f"{table}_{low}", table, [low, "id"], postgresql_where=LIVE, postgresql_include=[high])
        op.create_index(f"{table}_{high}", table, [high, "id"], postgresql_where=LIVE, postgresql_include=[low])


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    for table, stem in DATES:
        op.drop_index(f"{table}_{stem}_high", table_name=table)
        op.drop_index(f"{table}_{stem}_low", table_name=table)
        op.create_index(f"{table}_{stem}_low", table, [f"{stem}_low", "id"])
    op.drop_index("patient_name_prefix_fold", table_name="patient_name_prefix")
    op.create_index("patient_name_prefix_fold", "patient_name_prefix", ["fold", "id"])
    op.drop_column("patient_name_prefix", "prior")
