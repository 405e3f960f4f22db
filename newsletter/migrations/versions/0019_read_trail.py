"""Who read what, for installations that have chosen to keep it.

The release before works with this schema: the table is new.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "read_trail",
        sa.Column("subscriber_id", BIG_ID, nullable=False, autoincrement=False),
        sa.Column("edition_id", BIG_ID, nullable=False, autoincrement=False),
        sa.Column("url_hash", sa.LargeBinary(16), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subscriber_id", "edition_id", "url_hash", name="pk_read_trail"),
    )
    op.create_index("ix_read_trail_at", "read_trail", ["at"])


def downgrade() -> None:
    op.drop_table("read_trail")
