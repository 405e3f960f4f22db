"""The console: jobs, saved segments, the census, and the indexes by which a long list is walked.

The release before works with this schema: what is new is tables and indexes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WORKABLE = sa.text("state IN ('counting', 'waiting')")
ON_PAUSE = sa.text("paused_until IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("newsletter", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("by_whom", sa.String(length=200), nullable=False),
        sa.Column("walked_to", BIG_ID, nullable=False),
        sa.Column("upto", BIG_ID, nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("tally", sa.JSON(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("owner", sa.String(length=64), nullable=True),
        sa.Column("lease_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
    )
    op.create_index("ix_job_newsletter_id", "job", ["newsletter", "id"])
    op.create_index("ix_job_workable", "job", ["id"], sqlite_where=WORKABLE, postgresql_where=WORKABLE)
    op.create_table(
        "segment",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("newsletter", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by_whom", sa.String(length=200), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_segment"),
        sa.UniqueConstraint("newsletter", "name", name="uq_segment_newsletter_name"),
    )
    op.create_table(
        "census",
        sa.Column("newsletter", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("newsletter", name="pk_census"),
    )
    op.create_index("ix_subscriber_domain_id", "subscriber", ["domain", "id"])
    op.create_index(
        "ix_subscription_newsletter_status_subscriber_id",
        "subscription",
        ["newsletter", "status", "subscriber_id"],
    )
    op.create_index(
        "ix_subscription_paused",
        "subscription",
        ["newsletter", "subscriber_id"],
        sqlite_where=ON_PAUSE,
        postgresql_where=ON_PAUSE,
    )
    op.create_index("ix_notice_subscriber_id", "notice", ["subscriber_id"])
    if op.get_bind().dialect.name == "postgresql":
        # The key is sorted as the database's language sorts, and so is of no use for a beginning.
        op.create_index("ix_subscriber_address_bytewise", "subscriber", [sa.text('address COLLATE "C"')])


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_subscriber_address_bytewise", "subscriber")
    op.drop_index("ix_notice_subscriber_id", "notice")
    op.drop_index("ix_subscription_paused", "subscription")
    op.drop_index("ix_subscription_newsletter_status_subscriber_id", "subscription")
    op.drop_index("ix_subscriber_domain_id", "subscriber")
    for table in ("census", "segment", "job"):
        op.drop_table(table)
