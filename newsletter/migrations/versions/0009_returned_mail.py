"""The mails that came back to us.

The release before works with this schema: the table is new.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "returned_mail",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(16), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sort", sa.String(16), nullable=False),
        sa.Column("fate", sa.String(16), nullable=False),
        sa.Column("about", sa.String(60), nullable=True),
        sa.Column("why", sa.String(200), nullable=True),
        sa.Column("sender", sa.String(320), nullable=True),
        sa.Column("subject", sa.String(300), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_returned_mail"),
        sa.UniqueConstraint("fingerprint", name="uq_returned_mail_fingerprint"),
    )
    op.create_index("ix_returned_mail_received_at", "returned_mail", ["received_at"])
    op.create_index("ix_returned_mail_fate", "returned_mail", ["fate"])


def downgrade() -> None:
    op.drop_table("returned_mail")
