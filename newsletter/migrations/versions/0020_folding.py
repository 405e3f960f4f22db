"""Counts that old copies, and what came back of them, are folded into.

The release before works with this schema: the tables are new. It counts nothing of what is folded, so
figures of old editions are too small while it runs.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "delivery_count",
        sa.Column("edition_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("batch_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("edition_id", "batch_number", "state", "revision", name="pk_delivery_count"),
    )
    op.create_table(
        "feedback_fold",
        sa.Column("edition_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("meaning", sa.String(16), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("edition_id", "kind", "meaning", name="pk_feedback_fold"),
    )


def downgrade() -> None:
    op.drop_table("feedback_fold")
    op.drop_table("delivery_count")
