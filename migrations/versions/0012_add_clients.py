"""Add clients and tokens."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

CODE = sa.Text(collation="C")
TIME = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    # A migration that cannot have its lock at once gives up, so that it never holds up the stations.
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "client",
        sa.Column("id", CODE, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("organization", CODE, nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("places", sa.ARRAY(CODE), nullable=False),
        sa.Column("jwks", sa.Text(), nullable=True),
        sa.Column("jwks_url", sa.Text(), nullable=True),
        sa.Column("rate_limit", sa.Integer(), nullable=True),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("rotated_at", TIME, nullable=True),
        sa.Column("disabled_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "assertion",
        sa.Column("client", CODE, nullable=False),
        sa.Column("jti_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("client", "jti_hash"),
    )
    op.create_index("assertion_expires", "assertion", ["expires_at"], unique=False)
    op.create_table(
        "access_token",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("client", CODE, nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=True),
        sa.Column("user_id", CODE, nullable=False),
        sa.Column("organization", CODE, nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("places", sa.ARRAY(CODE), nullable=False),
        sa.Column("issued_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.Column("minted_by", CODE, nullable=True),
        sa.PrimaryKeyConstraint("hash"),
    )
    op.create_index("access_token_expires", "access_token", ["expires_at"], unique=False)


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.drop_index("access_token_expires", table_name="access_token")
    op.drop_table("access_token")
    op.drop_index("assertion_expires", table_name="assertion")
    op.drop_table("assertion")
    op.drop_table("client")
