"""Delivery at scale: when an edition ends, how lanes go, and a switch for all hosts.

The release before works with this schema: what is new has a default or may be empty.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("edition", sa.Column("deliver_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("edition", sa.Column("stopped_because", sa.Text(), nullable=True))
    op.add_column("batch", sa.Column("walked_to", BIG_ID, server_default="0", nullable=False))
    op.add_column("batch", sa.Column("accepted", sa.Integer(), server_default="0", nullable=False))
    op.add_column("batch", sa.Column("refused", sa.Integer(), server_default="0", nullable=False))
    op.add_column("batch", sa.Column("enqueued_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "lane_pace",
        sa.Column("lane", sa.String(16), nullable=False),
        sa.Column("free_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("throttles", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("lane", name="pk_lane_pace"),
    )
    op.create_table(
        "switch",
        sa.Column("name", sa.String(length=24), nullable=False),
        sa.Column("off_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("because", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_switch"),
    )


def downgrade() -> None:
    op.drop_table("switch")
    op.drop_table("lane_pace")
    with op.batch_alter_table("batch") as batch:
        batch.drop_column("enqueued_at")
        batch.drop_column("refused")
        batch.drop_column("accepted")
        batch.drop_column("walked_to")
    with op.batch_alter_table("edition") as edition:
        edition.drop_column("stopped_because")
        edition.drop_column("deliver_until")
