"""Add the audit."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

CODE = sa.Text(collation="C")
TIME = postgresql.TIMESTAMP(timezone=True)

MONTH = """
create function audit_month(day date) returns void
language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '1s' as $$
declare
    first timestamptz := date_trunc('month', day::timestamp) at time zone 'UTC';
    after timestamptz := (date_trunc('month', day::timestamp) + interval '1 month') at time zone 'UTC';
    name text := 'audit_' || to_char(day, 'YYYY_MM');
begin
    perform pg_advisory_xact_lock(hashtext('tramy audit month'));
    if to_regclass('public.' || name) is not null then
        return;
    end if;
    execute format('create table %I (like audit including defaults)', name);
    -- What came before its month was made waits in the rest.
    execute format('with moved as (delete from audit_rest where at >= %L and at < %L returning *)'
                   ' insert into %I select * from moved', first, after, name);
    execute format('alter table audit attach partition %I for values from (%L) to (%L)', name, first, after);
end $$
"""
MONTHS = """
create function audit_months(ahead integer) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    first date := date_trunc('month', now() at time zone 'UTC');
begin
    for month in 0 .. ahead loop
        perform audit_month((first + make_interval(months => month))::date);
    end loop;
end $$
"""


def upgrade() -> None:
    # A migration that cannot have its lock at once gives up, so that it never holds up the stations.
    op.execute("set local lock_timeout = '5s'")
    op.execute("create sequence audit_id_seq")
    op.create_table(
        "audit",
        sa.Column("at", TIME, nullable=False),
        sa.Column("id", sa.BigInteger(), server_default=sa.text("nextval('audit_id_seq')"), nullable=False),
        sa.Column("tx", sa.BigInteger(), nullable=False),
        sa.Column("request", CODE, nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("action", CODE, nullable=False),
        sa.Column("interaction", CODE, nullable=False),
        sa.Column("method", CODE, nullable=False),
        sa.Column("path", CODE, nullable=False),
        sa.Column("client", CODE, nullable=False),
        sa.Column("user_id", CODE, nullable=False),
        sa.Column("organization", CODE, nullable=False),
        sa.Column("address", CODE, nullable=False),
        sa.Column("purpose", CODE, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("outcome", CODE, nullable=False),
        sa.Column("records", postgresql.ARRAY(CODE), nullable=False),
        sa.Column("people", postgresql.ARRAY(CODE), nullable=False),
        sa.Column("results", sa.Integer(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("at", "id"),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("audit_tx", "audit", ["tx", "id"], unique=False)
    op.create_index("audit_people", "audit", ["people"], unique=False, postgresql_using="gin")
    op.create_index("audit_client", "audit", ["client", "at"], unique=False)
    op.create_index("audit_request", "audit", ["request"], unique=False)
    op.execute("create table audit_rest partition of audit default")
    op.create_table(
        "audit_seal",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("form", sa.SmallInteger(), nullable=False),
        sa.Column("low", sa.BigInteger(), nullable=False),
        sa.Column("high", sa.BigInteger(), nullable=False),
        sa.Column("running", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "audit_retired",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("kept", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("month"),
    )
    op.execute(MONTH)
    op.execute(MONTHS)
    op.execute("revoke all on function audit_month(date), audit_months(integer) from public")
    op.execute("select audit_months(3)")


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("drop function audit_months(integer)")
    op.execute("drop function audit_month(date)")
    op.drop_table("audit_retired")
    op.drop_table("audit_seal")
    op.drop_table("audit")
    op.execute("drop sequence audit_id_seq")
