"""Canaries: how each edition arrived in mailboxes of our own.

The release before works with this schema: the tables are new.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "canary_run",
        sa.Column("edition_id", BIG_ID, nullable=False, autoincrement=False),
        sa.Column("began_at", MOMENT, nullable=False),
        sa.Column("decide_at", MOMENT, nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("edition_id", name="pk_canary_run"),
    )
    op.create_index("ix_canary_run_began_at", "canary_run", ["began_at"])
    op.create_table(
        "canary",
        sa.Column("edition_id", BIG_ID, nullable=False, autoincrement=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("place", sa.String(16), nullable=True),
        sa.Column("arrived_at", MOMENT, nullable=True),
        sa.Column("spf", sa.String(16), nullable=True),
        sa.Column("dkim", sa.String(16), nullable=True),
        sa.Column("dmarc", sa.String(16), nullable=True),
        sa.Column("is_whole", sa.Boolean(), nullable=True),
        sa.Column("faults", sa.Text(), nullable=True),
        sa.Column("unreached", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("edition_id", "name", name="pk_canary"),
    )


def downgrade() -> None:
    op.drop_table("canary")
    op.drop_table("canary_run")
