"""The desk: revisions of a day's text, drafts, and the addresses that test mails went to.

The release before works with this schema: the tables are new. It sends what the source says.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "revision",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("newsletter", sa.String(40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.Column("source_hash", sa.String(64), nullable=True),
        sa.Column("source_key", sa.Text(), nullable=True),
        sa.Column("author", sa.String(80), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_revision"),
        sa.UniqueConstraint("newsletter", "day", "number", name="uq_revision_newsletter_day_number"),
    )
    op.create_table(
        "desk_draft",
        sa.Column("newsletter", sa.String(40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("author", sa.String(80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("after", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("newsletter", "day", "author", name="pk_desk_draft"),
    )
    op.create_table(
        "test_address",
        sa.Column("newsletter", sa.String(40), nullable=False),
        sa.Column("address", sa.String(320), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("newsletter", "address", name="pk_test_address"),
    )


def downgrade() -> None:
    op.drop_table("test_address")
    op.drop_table("desk_draft")
    op.drop_table("revision")
