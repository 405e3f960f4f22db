"""What people decide about an edition: that it waits, or begins at another moment; and who decided what.

The release before works with this schema: the columns may be empty, and the table is new.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("edition", sa.Column("held_because", sa.Text(), nullable=True))
    op.add_column("edition", sa.Column("begin_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "decision",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("newsletter", sa.String(40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("because", sa.Text(), nullable=True),
        sa.Column("begin_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decision"),
    )
    op.create_index("ix_decision_newsletter_day", "decision", ["newsletter", "day"])


def downgrade() -> None:
    op.drop_table("decision")
    with op.batch_alter_table("edition") as table:
        table.drop_column("begin_at")
        table.drop_column("held_because")
