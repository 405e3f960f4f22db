"""The unattended morning: what the gate said before the hour, approvals, and which installation this is.

The release before works with this schema: what is new has a default or may be empty.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("edition", sa.Column("examined_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("edition", sa.Column("is_carried", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("edition", sa.Column("carried_into_id", BIG_ID, nullable=True))
    op.create_table(
        "approval",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("newsletter", sa.String(40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("digest_hash", sa.String(64), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("because", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_approval"),
    )
    op.create_index("ix_approval_newsletter_day", "approval", ["newsletter", "day"])
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("instance", sa.String(32), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("begun", sa.Integer(), nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=True),
        sa.Column("established_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_installation"),
    )
    op.create_table(
        "timetable",
        sa.Column("newsletter", sa.String(40), nullable=False),
        sa.Column("hours", sa.String(80), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("newsletter", name="pk_timetable"),
    )


def downgrade() -> None:
    for table in ("timetable", "installation", "approval"):
        op.drop_table(table)
    with op.batch_alter_table("edition") as edition:
        edition.drop_column("carried_into_id")
        edition.drop_column("is_carried")
        edition.drop_column("examined_at")
